/*
 * Who may be a client of the gateway: at most so many, so many of one source (an IPv4 address or the /64 of an IPv6 one), so
 * many at which one connection has come from elsewhere, and so many on probation, the oldest of which makes room. The last
 * quarter of the places is for those on probation, so that nobody keeps it: of the others, one of the network that has most
 * makes room. The same rules as src/forwarder/splice/places.ts. The threads share the places; a client that is in takes the lock
 * only where something about its place changes.
 */
#ifndef QP_PLACES_H
#define QP_PLACES_H

#include <pthread.h>

#include "../memory/address.h"
#include "../memory/counters.h"
#include "../memory/table.h"
#include "place.h"

struct qp_place_limits {
  uint32_t max, max_on_probation, max_settled, max_strangers, max_of_share;
  double per_second, burst, share_per_second;
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

#endif
