/*
 * Who may be a client of the gateway: at most so many, so many of one source (an IPv4 address or the /64 of an IPv6 one), so
 * many at which one connection has come from elsewhere, and so many on probation, the oldest of which makes room. The last
 * quarter of the places is for those on probation, so that nobody keeps it: of the others, one of the network that has most
 * makes room. The same rules as src/forwarder/places.ts. The threads share the places; a client that is in takes the lock
 * only where something about its place changes.
 */
#ifndef QP_PLACES_H
#define QP_PLACES_H

#include <pthread.h>
#include <stdatomic.h>

#include "address.h"
#include "counters.h"
#include "known-ids.h"
#include "networks.h"
#include "opening-rate.h"
#include "queue.h"
#include "table.h"

struct qp_place_limits {
  uint32_t max, max_on_probation, max_settled, max_strangers, max_of_share;
  double per_second, burst, share_per_second;
};

/** The places of one source. */
struct qp_share {
  /** As `qp_source_key` gives it. */
  uint64_t source[2];
  struct qp_network *network;
  struct qp_opening_rate rate;
  struct qp_queue on_probation;
  uint32_t places;
  uint64_t opened_at_ns;
};

/** As many as `maxMovedPlaces` of src/defaults.ts. */
enum { QP_MOVED_PLACES = 4 };

/** A connection, whose first address has to pay for what comes with it from others. It ends with its last place. */
struct qp_connection {
  struct qp_share *share;
  uint32_t places;
  /** Its places at other addresses that are on probation. */
  struct qp_queue moved;
  /** The place that its newest packet came from: where it is. Null once that is closed. */
  struct qp_place *newest;
};

/** A client's place. Zeroed before it is opened, but for `alive_at_ms`. */
struct qp_place {
  struct qp_connection *connection;
  /** It was opened by a packet of its connection, which is known, from another address. */
  bool is_moved;
  /** Its connection is not known: whoever it is did not begin it here. */
  bool is_stranger;
  bool is_on_probation;
  /** Whether it is the newest of its connection; changed under the lock, read by anybody. */
  _Atomic bool is_newest;
  /**
   * When something came from there after the gateway had last sent something there; at first, when it was opened. Its own
   * thread writes, any may read.
   */
  _Atomic int64_t alive_at_ms;
  /** It has gone to a newer client, as any thread may find out. */
  _Atomic bool is_given_up;
  struct qp_link in_all, in_share, in_moved, in_strangers;
  struct qp_used_ids used;
};

struct qp_places {
  pthread_mutex_t mutex;
  struct qp_place_limits limits;
  struct qp_hash_key key;
  struct qp_opening_rate rate;
  struct qp_table shares;
  struct qp_networks networks;
  /** Each place is in one of the first two. */
  struct qp_queue on_probation, settled, strangers;
  struct qp_known_ids ids;
  uint64_t swept_at_ns;
  /** Read by anybody. */
  _Atomic uint32_t count, count_on_probation;
  _Atomic uint64_t given_up;
};

void qp_places_init(struct qp_places *places, const struct qp_place_limits *limits, const struct qp_hash_key *key);
/** All places are closed. */
void qp_places_destroy(struct qp_places *places);

/**
 * Opens a place on probation for who sent `data` from `source`, for which an older one may be given up. False if there is
 * none: `refusal` says why.
 *
 * @param is_moving the client comes with a connection that it has had elsewhere.
 */
bool qp_places_open(struct qp_places *places, struct qp_place *place, const struct qp_address *source, bool is_moving,
                    const uint8_t *data, uint32_t length, uint64_t now_ns, enum qp_counter *refusal);
/** Ends a place's probation, for which another one may be given up. */
void qp_places_graduate(struct qp_places *places, struct qp_place *place);
/** A packet came from a place: that is where its connection is. */
void qp_places_hear(struct qp_places *places, struct qp_place *place);
/** The client of a place that is no longer on probation sent this. */
void qp_places_note(struct qp_places *places, struct qp_place *place, const uint8_t *data, uint32_t length);
/** Closes a place, unless it has been given up. */
void qp_places_close(struct qp_places *places, struct qp_place *place);
/** Forgets the sources that have no place, once their rate has recovered. */
void qp_places_sweep(struct qp_places *places, uint64_t now_ns);

static inline bool qp_place_is_newest(const struct qp_place *place)
{
  return atomic_load_explicit(&place->is_newest, memory_order_relaxed);
}

static inline void qp_place_is_alive(struct qp_place *place, int64_t now_ms)
{
  atomic_store_explicit(&place->alive_at_ms, now_ms, memory_order_relaxed);
}

static inline int64_t qp_place_alive_at(const struct qp_place *place)
{
  return atomic_load_explicit(&place->alive_at_ms, memory_order_relaxed);
}

static inline bool qp_place_is_given_up(const struct qp_place *place)
{
  return atomic_load_explicit(&place->is_given_up, memory_order_relaxed);
}

#endif
