/* Whether a packet may go from its source to the session that its DCID leads to: user space's rules (relay.c). */
#ifndef QP_TRANSFER_H
#define QP_TRANSFER_H

#include "guard.h"
#include "maps.h"
#include "parse.h"

enum {
  /** Other processors may take from the same bucket; after that many tries user space decides. */
  QP_BUCKET_TRIES = 4,
};

enum qp_decision {
  QP_PASS,
  QP_DROP,
  QP_FORWARD,
};

struct qp_transfer {
  struct qp_account *to;
  /** Null where anybody may send and nobody pays. */
  struct qp_account *from;
  struct qp_source destination;
  /** Of the account `to`, when `destination` was read. */
  __u32 address_version;
  /** The session `to`. */
  __u32 to_id;
  /** Why the packet is dropped. */
  enum qp_total refusal;
  __u64 now_ns;
};

static __always_inline enum qp_decision qp_refuse(struct qp_transfer *transfer, enum qp_total reason)
{
  transfer->refusal = reason;
  return QP_DROP;
}

static __always_inline int qp_same_source(const struct qp_source *one, const struct qp_source *other)
{
  __u32 difference = one->port ^ other->port;
  for (int i = 0; i < 4; i++)
    difference |= one->ip.words[i] ^ other->ip.words[i];
  return difference == 0;
}

/** A consistent copy of a session's address; false while it is being written. */
static __always_inline int qp_read_address(const struct qp_account *session, struct qp_transfer *transfer)
{
  struct qp_source *address = &transfer->destination;
  return qp_copy_guarded(address, &session->address, sizeof *address / sizeof(__u32), &session->version,
                         &transfer->address_version);
}

/** Finds out who pays and where to; nothing is charged or counted yet, so user space may still get the packet. */
static __always_inline enum qp_decision qp_look_up(const struct qp_config *settings, const __u8 *payload,
                                                   const void *end, const struct qp_source *source,
                                                   struct qp_transfer *transfer)
{
  struct qp_header header = qp_parse(payload, end);
  struct qp_cid cid;
  if (!header.destination || (const void *)(header.destination + sizeof cid) > end)
    return QP_PASS;
  __builtin_memcpy(&cid, header.destination, sizeof cid);
  const __u32 *to_id = bpf_map_lookup_elem(&routes, &cid);
  if (!to_id)
    return QP_PASS;
  transfer->to_id = *to_id;
  transfer->to = qp_account_of(&transfer->to_id);
  transfer->from = qp_account_of(bpf_map_lookup_elem(&sources, source));
  transfer->now_ns = bpf_ktime_get_ns();
  if (!transfer->to || !qp_read_address(transfer->to, transfer))
    return QP_PASS;
  if (transfer->to->expires_at_ns <= transfer->now_ns)
    return qp_refuse(transfer, QP_TOTAL_SESSION_EXPIRED);
  /* No address, or one that only user space can send to. */
  if (transfer->destination.port == 0)
    return QP_PASS;
  /* An older session at the same address may still live: user space knows. */
  if (transfer->from && transfer->from->expires_at_ns <= transfer->now_ns)
    return QP_PASS;
  /* It may be a peer's that found no room in the table. */
  if (!transfer->from && settings->may_lack_sources)
    return QP_PASS;
  if (!transfer->from && settings->is_source_checked)
    return qp_refuse(transfer, QP_TOTAL_SOURCE_UNREGISTERED);
  /* Back to where it comes from: user space counts these. */
  return qp_same_source(source, &transfer->destination) ? QP_PASS : QP_FORWARD;
}

/** The token bucket of bucket.h. */
static __always_inline enum qp_decision qp_take(struct qp_transfer *transfer, __u32 bytes)
{
  struct qp_account *session = transfer->from;
  __u64 now_ns = transfer->now_ns;
  if (!session)
    return QP_FORWARD;
  __u64 cost = bytes * session->bucket.token_ns_q16 >> 16;
  for (int i = 0; i < QP_BUCKET_TRIES; i++) {
    __u64 full_at = *(volatile __u64 *)&session->bucket.full_at_ns;
    __u64 from = full_at > now_ns ? full_at : now_ns;
    if (from - now_ns + cost > session->bucket.depth_ns) {
      __sync_fetch_and_add(&session->counters[QP_PACKETS_LIMITED], 1);
      return qp_refuse(transfer, QP_TOTAL_RATE_LIMITED);
    }
    if (__sync_val_compare_and_swap(&session->bucket.full_at_ns, full_at, from + cost) == full_at)
      return QP_FORWARD;
  }
  return QP_PASS;
}

/** Two processors may both find none; their times are the same but for the packet's own. */
static __always_inline void qp_note_first(struct qp_account *session, __u64 now_ns)
{
  if (session->first_at_ns == 0)
    session->first_at_ns = now_ns;
}

static __always_inline void qp_credit(struct qp_transfer *transfer, __u32 bytes)
{
  qp_note_first(transfer->to, transfer->now_ns);
  __sync_fetch_and_add(&transfer->to->counters[QP_PACKETS_TO], 1);
  __sync_fetch_and_add(&transfer->to->counters[QP_BYTES_TO], bytes);
  __sync_fetch_and_add(&transfer->to->counters[QP_PACKETS_OFFLOADED], 1);
  if (transfer->from) {
    qp_note_first(transfer->from, transfer->now_ns);
    __sync_fetch_and_add(&transfer->from->counters[QP_PACKETS_FROM], 1);
    __sync_fetch_and_add(&transfer->from->counters[QP_BYTES_FROM], bytes);
  }
  qp_count_total(QP_TOTAL_PACKETS, 1);
  qp_count_total(QP_TOTAL_BYTES, bytes);
}

#endif
