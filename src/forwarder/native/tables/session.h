/* The sessions: their routes, endpoints and states, and the buckets that they draw from. */
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
#include "../memory/atomics.h"
#include "buckets.h"
#include "routes.h"

struct qp_endpoint;
struct qp_kernel;

/** What the packet path reads of a session besides its `qp_session_state`. */
struct qp_session {
  _Atomic(struct qp_endpoint *) endpoint;
  /** Session + 1 of the one registered before it at the same endpoint. */
  _Atomic uint32_t older;
};

/** What only the control thread uses of a session. */
struct qp_session_record {
  struct qp_id id;
  uint8_t *cids;
  uint32_t cid_count;
  /** Session + 1 of the one registered after it at the same endpoint. */
  uint32_t newer;
  bool is_open;
};

/** Arrays indexed by session id, with an element for each id. Memory is committed as they fill. */
struct qp_sessions {
  struct qp_ids ids;
  struct qp_buckets buckets;
  struct qp_routes routes;
  struct qp_table endpoints;
  struct qp_grace *grace;
  /** Address family of the public sockets. */
  int family;
  /**
   * The one address of this host that they are bound to; zero if they are bound to all, and each session has its own.
   */
  struct qp_ip bound;
  struct qp_session *sessions;
  struct qp_session_record *records;
  struct qp_session_state *states;
  /** Also forwards, and keeps `states` in its memory; null if only user space forwards. */
  struct qp_kernel *kernel;
  /** Number of open sessions. */
  uint32_t count;
};

/* Any thread. */

static inline struct qp_endpoint *qp_session_endpoint(const struct qp_sessions *sessions, uint32_t id)
{
  return atomic_load_explicit(&sessions->sessions[id].endpoint, memory_order_acquire);
}

/** Returns the bucket that packets from the session draw from. */
static inline struct qp_bucket *qp_state_bucket(const struct qp_sessions *sessions,
                                                const struct qp_session_state *state)
{
  return &sessions->buckets.all[qp_load_index(&state->bucket)];
}

static inline bool qp_state_is_expired(const struct qp_session_state *state, uint64_t now_ns)
{
  return qp_load(&state->expires_at_ns) <= now_ns;
}

static inline struct qp_udp_address qp_udp_address_of(const struct qp_address *address)
{
  struct qp_udp_address source = { .port = address->port };
  memcpy(&source.ip, address->ip, sizeof source.ip);
  return source;
}

static inline struct qp_address qp_address_of(const struct qp_udp_address *source)
{
  struct qp_address address = { .port = source->port };
  memcpy(address.ip, &source->ip, sizeof address.ip);
  return address;
}

/**
 * Returns the address of this host that packets to the session leave from. Zero, which lets the system choose, if a
 * writer holds the state for longer than a few reads.
 */
static inline struct qp_ip qp_state_local(const struct qp_session_state *state)
{
  enum { LOOKS = 64 };
  struct qp_ip local;
  for (int i = 0; i < LOOKS; i++) {
    uint32_t version = __atomic_load_n(&state->version, __ATOMIC_ACQUIRE);
    for (int word = 0; word < 4; word++)
      local.words[word] = qp_load_index(&state->local.words[word]);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (version % 2 == 0 && __atomic_load_n(&state->version, __ATOMIC_RELAXED) == version)
      return local;
  }
  return (struct qp_ip){ 0 };
}

/** Threads may both find 0. Their times differ by no more than the time of a packet. */
static inline void qp_state_note_first(struct qp_session_state *state, uint64_t now_ns)
{
  if (qp_load(&state->first_at_ns) == 0)
    qp_store(&state->first_at_ns, now_ns);
}

/** Makes the kernel forget which session and which bucket pay for packets from the session's address. */
static inline void qp_state_touch(struct qp_session_state *state)
{
  __atomic_fetch_add(&state->version, 2, __ATOMIC_SEQ_CST);
}

/** Changes the address such that the kernel sees the old or the new one, or leaves the packet to user space. */
static inline void qp_state_move(struct qp_session_state *state, struct qp_udp_address address,
                                 const struct qp_ip *local)
{
  __atomic_fetch_add(&state->version, 1, __ATOMIC_SEQ_CST);
  /*
   * The kernel reads without barriers (bpf/guard.h), and on arm64 the stores below could overtake the one of the
   * version.
   */
  __atomic_thread_fence(__ATOMIC_RELEASE);
  state->address = address;
  for (int i = 0; i < 4; i++)
    qp_store_index(&state->local.words[i], local->words[i]);
  __atomic_fetch_add(&state->version, 1, __ATOMIC_SEQ_CST);
}

#endif
