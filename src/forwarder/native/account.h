/* The part of a session that the kernel sees as well (bpf/abi.h). */
#ifndef QP_ACCOUNT_H
#define QP_ACCOUNT_H

#include "../../../bpf/abi.h"
#include "address.h"
#include "words.h"

static inline struct qp_source qp_source_of_address(const struct qp_address *address)
{
  struct qp_source source = { .port = address->port };
  memcpy(&source.ip, address->ip, sizeof source.ip);
  return source;
}

static inline struct qp_address qp_address_of_source(const struct qp_source *source)
{
  struct qp_address address = { .port = source->port };
  memcpy(address.ip, &source->ip, sizeof address.ip);
  return address;
}

/** Threads that both find none have the same time but for a packet's. */
static inline void qp_account_note_first(struct qp_account *account, uint64_t now_ns)
{
  if (qp_load(&account->first_at_ns) == 0)
    qp_store(&account->first_at_ns, now_ns);
}

/** Has the kernel forget who was found to pay for what comes from the session's address. */
static inline void qp_account_touch(struct qp_account *account)
{
  __atomic_fetch_add(&account->version, 2, __ATOMIC_SEQ_CST);
}

/** Changes the address so that the kernel sees the old or the new one, or leaves the packet to user space. */
static inline void qp_account_move(struct qp_account *account, struct qp_source address)
{
  __atomic_fetch_add(&account->version, 1, __ATOMIC_SEQ_CST);
  /* The kernel reads without barriers (bpf/guard.h), and on arm64 what follows could overtake the store of that. */
  __atomic_thread_fence(__ATOMIC_RELEASE);
  account->address = address;
  __atomic_fetch_add(&account->version, 1, __ATOMIC_SEQ_CST);
}

#endif
