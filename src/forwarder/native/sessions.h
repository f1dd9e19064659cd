/*
 * The sessions: their routes, their endpoints, their token buckets and what they moved. The control thread opens,
 * changes and closes them while I/O threads forward; see grace.h for what may be read when.
 */
#ifndef QP_SESSIONS_H
#define QP_SESSIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "bucket.h"
#include "counters.h"
#include "grace.h"
#include "routes.h"
#include "table.h"

enum {
  QP_CHUNK_BITS = 10,
  QP_CHUNK_SESSIONS = 1 << QP_CHUNK_BITS,
  QP_MAX_CHUNKS = 4096,
};

struct qp_endpoint;

/** What the packet path reads of a session: one cache line. */
struct qp_session {
  _Alignas(64) _Atomic(struct qp_endpoint *) endpoint;
  _Atomic int64_t expires_at_ms;
  struct qp_bucket bucket;
  /** Session + 1 of the one that was registered at the same endpoint before. */
  _Atomic uint32_t older;
};

/** What the control thread alone knows of a session. */
struct qp_session_record {
  struct qp_retired retired;
  uint8_t *cids;
  uint32_t cid_count;
  uint32_t id;
  /** Session + 1 of the one that was registered at the same endpoint after. */
  uint32_t newer;
  bool is_open;
};

struct qp_chunk {
  struct qp_session sessions[QP_CHUNK_SESSIONS];
  _Alignas(64) _Atomic uint64_t counters[QP_CHUNK_SESSIONS][QP_SESSION_COUNTER_STRIDE];
  struct qp_session_record records[QP_CHUNK_SESSIONS];
};

struct qp_sessions {
  struct qp_routes routes;
  struct qp_table endpoints;
  struct qp_hash_key key;
  struct qp_grace *grace;
  /** Address family of the public sockets. */
  int family;
  /** Sessions that are open, and ids that were ever given out. */
  uint32_t count, opened;
  /** Indices that are free, and how many. */
  uint32_t *free_ids;
  uint32_t free_count;
  _Atomic(struct qp_chunk *) chunks[QP_MAX_CHUNKS];
};

struct qp_session_spec {
  const uint8_t *cids;
  uint32_t cid_count;
  /** Null: not proven yet. */
  const struct qp_address *address;
  double bytes_per_second, bucket_bytes;
  int64_t expires_at_ms;
};

/** `sessions` is zeroed. */
void qp_sessions_init(struct qp_sessions *sessions, const struct qp_hash_key *key, struct qp_grace *grace, int family);
/** Frees everything; nobody may be reading. */
void qp_sessions_destroy(struct qp_sessions *sessions);

/* Control thread. The ids given must be open; functions that return bool say false if there is no memory. */

/** The id of a new session, or `QP_NO_SESSION` if there is no memory or no id. */
uint32_t qp_session_open(struct qp_sessions *sessions, const struct qp_session_spec *spec);
void qp_session_close(struct qp_sessions *sessions, uint32_t id);
bool qp_session_is_open(const struct qp_sessions *sessions, uint32_t id);
bool qp_session_route(struct qp_sessions *sessions, uint32_t id, const uint8_t *cids, uint32_t count);
struct qp_session_record *qp_session_record_of(const struct qp_sessions *sessions, uint32_t id);

/* Any thread. */

struct qp_session *qp_session_at(const struct qp_sessions *sessions, uint32_t id);
_Atomic uint64_t *qp_session_counters(const struct qp_sessions *sessions, uint32_t id);

static inline struct qp_endpoint *qp_session_endpoint(const struct qp_session *session)
{
  return atomic_load_explicit(&session->endpoint, memory_order_acquire);
}

static inline bool qp_session_is_expired(const struct qp_session *session, int64_t now_ms)
{
  return atomic_load_explicit(&session->expires_at_ms, memory_order_relaxed) <= now_ms;
}

#endif
