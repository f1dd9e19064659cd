/*
 * The sessions as the control thread opens, changes and closes them while I/O threads forward; see grace.h for what may be
 * read when.
 */
#ifndef QP_SESSIONS_H
#define QP_SESSIONS_H

#include "session.h"

/** How many may be open at a time, those included that have just been closed. */
struct qp_sessions_size {
  uint32_t sessions, buckets;
};

struct qp_session_spec {
  const uint8_t *cids;
  uint32_t cid_count;
  /** The way to its peer; null: not proven yet. */
  const struct qp_path *path;
  /** Which bucket it draws from; it is there. */
  uint32_t bucket;
  /** On the monotonic clock. */
  uint64_t expires_at_ns;
};

/** `sessions` is zeroed; false if there is no memory. Freed with `qp_sessions_destroy` in any case. */
bool qp_sessions_init(struct qp_sessions *sessions, struct qp_sessions_size size, const struct qp_hash_key *key,
                      struct qp_grace *grace, int family, struct qp_kernel *kernel);
/** Frees everything; nobody may be reading. */
void qp_sessions_destroy(struct qp_sessions *sessions);

/* Control thread. The ids given must be open; functions that return bool say false if there is no memory. */

/** The id of a new session, or `QP_NO_SESSION` if there is no memory or no id. */
uint32_t qp_session_open(struct qp_sessions *sessions, const struct qp_session_spec *spec);
void qp_session_close(struct qp_sessions *sessions, uint32_t id);
bool qp_session_is_open(const struct qp_sessions *sessions, uint32_t id);
/** Has a session draw from another bucket from now on. */
void qp_session_charge(struct qp_sessions *sessions, uint32_t id, uint32_t bucket);
/** Makes `cids` the session's connection IDs; those that it keeps are not gone in between. */
bool qp_session_route(struct qp_sessions *sessions, uint32_t id, const uint8_t *cids, uint32_t count);

#endif
