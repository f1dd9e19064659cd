/* A client's place at the gateway, and what it belongs to: a connection, and the share of a source. */
#ifndef QP_PLACE_H
#define QP_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../memory/queue.h"
#include "known-ids.h"
#include "networks.h"
#include "opening-rate.h"

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

/** As many as `maxMovedPlaces` of src/defaults/index.ts. */
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
