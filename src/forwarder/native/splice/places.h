/*
 * Limits the places of gateway clients: in total, per source (an IPv4 address or the /64 of an IPv6 one), per
 * connection at other addresses, for strangers, and on probation, where the oldest makes room. The last quarter of the
 * places is for clients on probation, so that no client keeps it. Among the other places, one of the network with the
 * most makes room. The same rules as src/forwarder/splice/places.ts. The threads share the places; a client that has
 * one takes the lock only if something about its place changes.
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
  struct qp_opening_rate rate;
  struct qp_table shares, networks;
  /** Each place is in one of the first two. */
  struct qp_queue on_probation, settled, strangers;
  /** Of `known-ids.h`. */
  struct qp_table ids;
  uint64_t swept_at_ns;
  /** Read by any thread. */
  _Atomic uint32_t count, count_on_probation;
  _Atomic uint64_t given_up;
};

void qp_places_init(struct qp_places *places, const struct qp_place_limits *limits, const struct qp_hash_key *key);
/** All places must be closed. */
void qp_places_destroy(struct qp_places *places);

/**
 * Opens a place on probation for the client that sent `data` from `source`, for which an older place may be given up.
 * Returns false, with the reason in `refusal`, if there is none.
 *
 * @param is_moving whether the client continues a connection that it had elsewhere.
 */
bool qp_places_open(struct qp_places *places, struct qp_place *place, const struct qp_address *source, bool is_moving,
                    const uint8_t *data, uint32_t length, uint64_t now_ns, enum qp_counter *refusal);
/** Ends the probation of a place, for which another place may be given up. */
void qp_places_graduate(struct qp_places *places, struct qp_place *place);
/** Records a packet from a place, which becomes the newest of its connection. */
void qp_places_hear(struct qp_places *places, struct qp_place *place);
/** Records the connection ID of a packet from a place past probation. */
void qp_places_note(struct qp_places *places, struct qp_place *place, const uint8_t *data, uint32_t length);
/** Closes a place, unless it has been given up. */
void qp_places_close(struct qp_places *places, struct qp_place *place);
/** Forgets sources without places once their rate has recovered. */
void qp_places_sweep(struct qp_places *places, uint64_t now_ns);

#endif
