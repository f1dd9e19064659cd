/* A packet on its way to the session of its DCID, and its charges to buckets and counters. */
#ifndef QP_TRANSFER_H
#define QP_TRANSFER_H

#include "flow.h"
#include "maps.h"

enum {
  /** Other processors may draw from the same bucket. After this many attempts user space decides. */
  QP_BUCKET_TRIES = 4,
};

enum qp_decision {
  QP_PASS,
  QP_DROP,
  QP_FORWARD,
};

struct qp_transfer {
  struct qp_processor *processor;
  /** As of the last tick (`qp_recent_ns`). */
  __u64 now_ns;
  /** The destination session. */
  __u32 to_id;
  struct qp_session_state *to;
  /** The paying session; null while unknown, and for an unregistered source that may send. */
  struct qp_session_state *from;
  /** The bucket that `from` draws from. */
  __u32 bucket;
  /** Whether destination and next hop are known. */
  int has_next_hop;
  struct qp_udp_address destination __attribute__((aligned(8)));
  /** The address of this host to send from, which is the one that the destination session's packets arrive at. */
  struct qp_ip local __attribute__((aligned(8)));
  struct qp_next_hop next_hop;
  __u16 mtu;
  __u8 is_redirected;
  /** The reason for a drop. */
  enum qp_total refusal;
};

static __always_inline enum qp_decision qp_refuse(struct qp_transfer *transfer, enum qp_total reason)
{
  transfer->refusal = reason;
  return QP_DROP;
}

/** Loads the index of the bucket that a session draws from. */
static __always_inline __u32 qp_state_bucket(const struct qp_session_state *session)
{
  return *(const volatile __u32 *)&session->bucket;
}

/**
 * Takes tokens from the bucket of the sender's subject (bucket.h). Reads the exact clock only if the bucket looks
 * empty. A full bucket can therefore overspend by at most one tick's refill.
 */
static __always_inline enum qp_decision qp_take(struct qp_transfer *transfer, __u32 bytes)
{
  struct qp_session_state *session = transfer->from;
  __u64 now_ns = transfer->now_ns;
  int is_exact = 0;
  if (!session)
    return QP_FORWARD;
  struct qp_bucket *bucket = bpf_map_lookup_elem(&buckets, &transfer->bucket);
  if (!bucket)
    return QP_PASS;
  __u64 cost = bytes * bucket->token_ns_q16 >> 16;
  for (int i = 0; i < QP_BUCKET_TRIES; i++) {
    __u64 full_at = *(volatile __u64 *)&bucket->full_at_ns;
    __u64 from = full_at > now_ns ? full_at : now_ns;
    int is_empty = from - now_ns + cost > bucket->depth_ns;
    if (is_empty && is_exact) {
      __sync_fetch_and_add(&session->counters[QP_PACKETS_LIMITED], 1);
      return qp_refuse(transfer, QP_TOTAL_RATE_LIMITED);
    }
    if (is_empty) {
      now_ns = bpf_ktime_get_ns();
      is_exact = 1;
    } else if (__sync_val_compare_and_swap(&bucket->full_at_ns, full_at, from + cost) == full_at) {
      return QP_FORWARD;
    }
  }
  return QP_PASS;
}

/** Two processors may both find 0. Their times differ by no more than the time of a packet. */
static __always_inline void qp_note_first(struct qp_session_state *session)
{
  if (session->first_at_ns == 0)
    session->first_at_ns = bpf_ktime_get_ns();
}

/** No other packet interrupts this one on the same processor, so the totals need no atomic operations. */
static __always_inline void qp_count_total(struct qp_processor *processor, enum qp_total total, __u64 amount)
{
  processor->totals[total] += amount;
}

static __always_inline void qp_credit(struct qp_transfer *transfer, __u32 bytes)
{
  qp_note_first(transfer->to);
  __sync_fetch_and_add(&transfer->to->counters[QP_PACKETS_OFFLOADED], 1);
  __sync_fetch_and_add(&transfer->to->counters[QP_BYTES_TO], bytes);
  if (transfer->from) {
    qp_note_first(transfer->from);
    __sync_fetch_and_add(&transfer->from->counters[QP_PACKETS_FROM], 1);
    __sync_fetch_and_add(&transfer->from->counters[QP_BYTES_FROM], bytes);
  }
  qp_count_total(transfer->processor, QP_TOTAL_PACKETS, 1);
  qp_count_total(transfer->processor, QP_TOTAL_BYTES, bytes);
}

#endif
