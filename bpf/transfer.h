/* A packet on its way to the session that its DCID leads to, and what it takes from buckets and adds to counters. */
#ifndef QP_TRANSFER_H
#define QP_TRANSFER_H

#include "flow.h"
#include "maps.h"

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
  struct qp_processor *processor;
  /** As of the last tick (clock.h). */
  __u64 now_ns;
  /** The session that the packet is for. */
  __u32 to_id;
  struct qp_account *to;
  /** Null while it is not known, and where anybody may send and nobody pays. */
  struct qp_account *from;
  /** What it pays from. */
  __u32 bucket;
  /** Whether it is known where it goes, and how. */
  int has_way;
  struct qp_source destination __attribute__((aligned(8)));
  /** The address of this host that it leaves from: the one that the session's own packets come to. */
  struct qp_ip local __attribute__((aligned(8)));
  struct qp_way way;
  __u16 mtu;
  __u8 is_redirected;
  /** Why the packet is dropped. */
  enum qp_total refusal;
};

static __always_inline enum qp_decision qp_refuse(struct qp_transfer *transfer, enum qp_total reason)
{
  transfer->refusal = reason;
  return QP_DROP;
}

/** The index of the bucket that a session pays from by now. */
static __always_inline __u32 qp_account_bucket(const struct qp_account *session)
{
  return *(const volatile __u32 *)&session->bucket;
}

/**
 * The token bucket of bucket.h, of the sender's subject. Only who seems to have no tokens is worth asking the clock for: so a bucket that was full
 * may give what flows in during one tick more than it holds, and never more than that.
 */
static __always_inline enum qp_decision qp_take(struct qp_transfer *transfer, __u32 bytes)
{
  struct qp_account *session = transfer->from;
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

/** Two processors may both find none; their times are the same but for the packet's own. */
static __always_inline void qp_note_first(struct qp_account *session)
{
  if (session->first_at_ns == 0)
    session->first_at_ns = bpf_ktime_get_ns();
}

/** No other packet comes in between on the same processor, so its totals need no atomic operations. */
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
