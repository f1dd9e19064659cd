/* What is known of the sessions: their routes, their endpoints, their accounts, and the buckets that they draw from. */
#ifndef QP_SESSION_H
#define QP_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../../../bpf/abi.h"
#include "../memory/address.h"
#include "../memory/grace.h"
#include "../memory/ids.h"
#include "../memory/table.h"
#include "../memory/words.h"
#include "buckets.h"
#include "routes.h"

struct qp_endpoint;
struct qp_kernel;

/** What the packet path reads of a session besides its account. */
struct qp_session {
  _Atomic(struct qp_endpoint *) endpoint;
  /** Session + 1 of the one that was registered at the same endpoint before. */
  _Atomic uint32_t older;
};

/** What the control thread alone knows of a session. */
struct qp_session_record {
  struct qp_id id;
  uint8_t *cids;
  uint32_t cid_count;
  /** Session + 1 of the one that was registered at the same endpoint after. */
  uint32_t newer;
  bool is_open;
};

/** Arrays by session id, as many elements as there are ids; memory is taken as they fill. */
struct qp_sessions {
  struct qp_ids ids;
  struct qp_buckets buckets;
  struct qp_routes routes;
  struct qp_table endpoints;
  struct qp_hash_key key;
  struct qp_grace *grace;
  /** Address family of the public sockets. */
  int family;
  /** The one address of this host that they are bound to; zero: to all, and each session has its own. */
  struct qp_ip bound;
  struct qp_session *sessions;
  struct qp_session_record *records;
  struct qp_account *accounts;
  /** Forwards as well, and has `accounts` in its memory; null where user space forwards alone. */
  struct qp_kernel *kernel;
  /** Sessions that are open. */
  uint32_t count;
};

/* Any thread. */

static inline struct qp_endpoint *qp_session_endpoint(const struct qp_sessions *sessions, uint32_t id)
{
  return atomic_load_explicit(&sessions->sessions[id].endpoint, memory_order_acquire);
}

/** The bucket that what a session sends draws from. */
static inline struct qp_bucket *qp_account_bucket(const struct qp_sessions *sessions, const struct qp_account *account)
{
  return &sessions->buckets.all[qp_load_index(&account->bucket)];
}

static inline bool qp_account_is_expired(const struct qp_account *account, uint64_t now_ns)
{
  return qp_load(&account->expires_at_ns) <= now_ns;
}

#endif
