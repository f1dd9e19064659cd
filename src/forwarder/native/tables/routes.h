/*
 * The session that each 12-byte connection ID leads to. Slots of 16 bytes, with open addressing at a load of at most
 * one half, in 256 shards that are rebuilt one at a time, so that growth never blocks the control thread for long. The
 * control thread writes; I/O threads read without locks (grace.h).
 */
#ifndef QP_ROUTES_H
#define QP_ROUTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../memory/grace.h"
#include "../memory/siphash.h"

enum { QP_SHARD_BITS = 8 };

/** No session. Never the index of one. */
#define QP_NO_SESSION UINT32_MAX

/**
 * The route of one connection ID. The ID's last 4 bytes share a word with the session, so one read of that word
 * identifies the owner. A slot keeps its ID until the shard is rebuilt, so `head` does not change under a reader
 * either.
 */
struct qp_route {
  _Atomic uint64_t head;
  /** Session + 1 in the upper half; 0 for a free slot. */
  _Atomic uint64_t tail;
};

struct qp_shard_slots {
  struct qp_retired retired;
  size_t mask;
  struct qp_route at[];
};

struct qp_shard {
  _Atomic(struct qp_shard_slots *) slots;
  /** Number of routes, and of slots that are not free. */
  uint32_t count, used;
};

struct qp_routes {
  struct qp_hash_key key;
  struct qp_grace *grace;
  size_t count;
  struct qp_shard shards[1 << QP_SHARD_BITS];
};

/** `routes` must be zeroed. */
void qp_routes_init(struct qp_routes *routes, const struct qp_hash_key *key, struct qp_grace *grace);
void qp_routes_destroy(struct qp_routes *routes);

/** Any thread. */
uint64_t qp_routes_hash(const struct qp_routes *routes, const uint8_t *cid);
/** Any thread: prefetches the memory that `qp_routes_find` will read. */
void qp_routes_prefetch(const struct qp_routes *routes, uint64_t hash);
/** Any thread: returns the session, or `QP_NO_SESSION`. */
uint32_t qp_routes_find(const struct qp_routes *routes, const uint8_t *cid, uint64_t hash);

/** Control thread: routes `cid` to `session` and replaces any earlier route; false if out of memory. */
bool qp_routes_set(struct qp_routes *routes, const uint8_t *cid, uint32_t session);
/** Control thread: removes the route of `cid` if it leads to `session`; false if it does not. */
bool qp_routes_remove(struct qp_routes *routes, const uint8_t *cid, uint32_t session);
size_t qp_routes_bytes(const struct qp_routes *routes);

#endif
