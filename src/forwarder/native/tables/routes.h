/*
 * Which session a 12-byte connection ID leads to. Slots of 16 bytes, open addressing at a load of at most one half, in
 * 256 shards that are rebuilt one at a time, so no growth holds up the control thread for long. The control thread
 * writes; I/O threads read without locks (grace.h).
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

/** No session: not the index of any. */
#define QP_NO_SESSION UINT32_MAX

/**
 * One connection ID. Its last 4 bytes share a word with the session, so one look at that word tells whose it is; a slot
 * is given to one ID only until its shard is rebuilt, so the head does not change under a reader either.
 */
struct qp_route {
  _Atomic uint64_t head;
  /** Session + 1 in the upper half; 0 where the slot is free. */
  _Atomic uint64_t tail;
};

struct qp_shard_slots {
  struct qp_retired retired;
  size_t mask;
  struct qp_route at[];
};

struct qp_shard {
  _Atomic(struct qp_shard_slots *) slots;
  /** Routes, and slots that are not free. */
  uint32_t count, used;
};

struct qp_routes {
  struct qp_hash_key key;
  struct qp_grace *grace;
  size_t count;
  struct qp_shard shards[1 << QP_SHARD_BITS];
};

/** `routes` is zeroed. */
void qp_routes_init(struct qp_routes *routes, const struct qp_hash_key *key, struct qp_grace *grace);
void qp_routes_destroy(struct qp_routes *routes);

/** Any thread. */
uint64_t qp_routes_hash(const struct qp_routes *routes, const uint8_t *cid);
/** Any thread: has the processor fetch what `qp_routes_find` will read. */
void qp_routes_prefetch(const struct qp_routes *routes, uint64_t hash);
/** Any thread: the session, or `QP_NO_SESSION`. */
uint32_t qp_routes_find(const struct qp_routes *routes, const uint8_t *cid, uint64_t hash);

/** Control thread: makes `cid` lead to `session`, whatever it led to before; false if there is no memory. */
bool qp_routes_set(struct qp_routes *routes, const uint8_t *cid, uint32_t session);
/** Control thread: removes `cid` if it leads to `session`; tells whether it did. */
bool qp_routes_remove(struct qp_routes *routes, const uint8_t *cid, uint32_t session);
size_t qp_routes_bytes(const struct qp_routes *routes);

#endif
