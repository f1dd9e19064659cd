/* A client's place at the gateway, its connection, and the share of a source. */
#ifndef QP_PLACE_H
#define QP_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../tables/bucket.h"
#include "known-ids.h"
#include "networks.h"
#include "queue.h"

/** Equals `gatewayStrangerDivisor` of src/defaults/index.ts. */
enum { QP_STRANGER_DIVISOR = 16 };

/**
 * The rate at which places may be opened by all clients, and the part of it that strangers may use. The same rules as
 * src/forwarder/splice/opening-rate.ts.
 */
struct qp_opening_rate {
  struct qp_bucket all, strangers;
};

static inline void qp_opening_rate_init(struct qp_opening_rate *rate, double per_second, double burst)
{
  const double divisor = QP_STRANGER_DIVISOR;
  qp_bucket_init(&rate->all, per_second, burst);
  qp_bucket_init(&rate->strangers, per_second / divisor, burst > divisor ? burst / divisor : 1);
}

/** Takes one opening. A stranger beyond the strangers' part costs other clients nothing. */
static inline bool qp_opening_rate_take(struct qp_opening_rate *rate, bool is_stranger, uint64_t now_ns)
{
  return (!is_stranger || qp_bucket_take(&rate->strangers, 1, now_ns)) && qp_bucket_take(&rate->all, 1, now_ns);
}

/** The places of one source. */
struct qp_share {
  /** In the form of `qp_source_key`. */
  uint64_t source[2];
  struct qp_network *network;
  struct qp_opening_rate rate;
  struct qp_queue on_probation;
  uint32_t places;
  uint64_t opened_at_ns;
};

/** Equals `maxMovedPlaces` of src/defaults/index.ts. */
enum { QP_MOVED_PLACES = 4 };

/** A connection. Its places at any address count in the share of its first address. Freed with its last place. */
struct qp_connection {
  struct qp_share *share;
  uint32_t places;
  /** Its places on probation at other addresses. */
  struct qp_queue moved;
  /** The place of its newest packet, where the connection is now. Null once that place is closed. */
  struct qp_place *newest;
};

/** A client's place. Must be zeroed before it is opened, except for `alive_at_ms`. */
struct qp_place {
  struct qp_connection *connection;
  /** Whether it was opened by a packet of a known connection from another address. */
  bool is_moved;
  /** Whether its connection is unknown, as it goes on with one that did not begin here. */
  bool is_stranger;
  bool is_on_probation;
  /** Whether it is the newest of its connection. Changed under the lock, read by any thread. */
  _Atomic bool is_newest;
  /**
   * When the client last sent something after the gateway had sent it something; initially when the place was opened.
   * Written by its own thread, read by any.
   */
  _Atomic int64_t alive_at_ms;
  /** Whether it has gone to a newer client. Read by any thread. */
  _Atomic bool is_given_up;
  struct qp_queue_link in_all, in_share, in_moved, in_strangers;
  struct qp_used_ids used;
};

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
