/*
 * Opens, changes and closes sessions on the control thread while I/O threads forward. grace.h tells which memory may be
 * read when.
 */
#ifndef QP_SESSIONS_H
#define QP_SESSIONS_H

#include "session.h"

/** Number of ids, including those of sessions and buckets closed a moment ago. */
struct qp_sessions_size {
  uint32_t sessions, buckets;
};

struct qp_session_spec {
  const uint8_t *cids;
  uint32_t cid_count;
  /** The path to the peer; null if none is proven yet. */
  const struct qp_path *path;
  /** Id of the bucket to draw from, which must be in use. */
  uint32_t bucket;
  /** On the monotonic clock. */
  uint64_t expires_at_ns;
};

/** `sessions` must be zeroed. Returns false if out of memory. Freed by `qp_sessions_destroy` in either case. */
bool qp_sessions_init(struct qp_sessions *sessions, struct qp_sessions_size size, const struct qp_hash_key *key,
                      struct qp_grace *grace, int family, struct qp_kernel *kernel);
/** Frees everything. No thread may be reading. */
void qp_sessions_destroy(struct qp_sessions *sessions);

/* Control thread. Except for `qp_session_is_open`, ids must be of open sessions, and false means out of memory. */

/** Opens a session. Returns its id, or `QP_NO_SESSION` if memory or ids run out. */
uint32_t qp_session_open(struct qp_sessions *sessions, const struct qp_session_spec *spec);
void qp_session_close(struct qp_sessions *sessions, uint32_t id);
bool qp_session_is_open(const struct qp_sessions *sessions, uint32_t id);
/** Makes a session draw from another bucket from now on. */
void qp_session_charge(struct qp_sessions *sessions, uint32_t id, uint32_t bucket);
/** Sets the session's connection IDs. Those that it keeps stay routed throughout. */
bool qp_session_route(struct qp_sessions *sessions, uint32_t id, const uint8_t *cids, uint32_t count);

#endif
