/*
 * The token buckets of bpf/abi.h, by the generic cell rate algorithm (ITU-T I.371). Threads and the kernel may draw
 * from a bucket concurrently. The clock is passed in and must not go back.
 */
#ifndef QP_BUCKET_H
#define QP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "../../../../bpf/abi.h"
#include "../memory/atomics.h"

static inline uint64_t qp_tokens_ns(uint64_t token_ns_q16, double tokens)
{
  double ns = tokens * (double)token_ns_q16 / 65536;
  return ns > 1e18 ? (uint64_t)1e18 : (uint64_t)ns;
}

/** At most one second per token, so that the cost of 65 535 tokens fits in a word, and at least one unit. */
static inline uint64_t qp_token_ns_q16(double per_second)
{
  double token_ns = per_second > 1 ? 1e9 / per_second : 1e9;
  uint64_t token_ns_q16 = (uint64_t)(token_ns * 65536);
  return token_ns_q16 > 0 ? token_ns_q16 : 1;
}

static inline void qp_bucket_shape(struct qp_bucket *bucket, double per_second, double depth)
{
  uint64_t token_ns_q16 = qp_token_ns_q16(per_second);
  qp_store(&bucket->token_ns_q16, token_ns_q16);
  qp_store(&bucket->depth_ns, qp_tokens_ns(token_ns_q16, depth));
}

static inline void qp_bucket_init(struct qp_bucket *bucket, double per_second, double depth)
{
  qp_bucket_shape(bucket, per_second, depth);
  qp_store(&bucket->full_at_ns, 0);
}

/** Returns the time until the bucket is full, if nothing more is taken. */
static inline uint64_t qp_bucket_missing_ns(const struct qp_bucket *bucket, uint64_t now_ns)
{
  uint64_t full_at = qp_load(&bucket->full_at_ns);
  return full_at > now_ns ? full_at - now_ns : 0;
}

/**
 * Takes `cost_ns` of refill from a level that is `depth_ns` deep and will be full at `*level`; false if it holds less.
 */
static inline bool qp_level_take(__u64 *level, uint64_t cost_ns, uint64_t depth_ns, uint64_t now_ns)
{
  __u64 full_at = qp_load(level);
  for (;;) {
    uint64_t from = full_at > now_ns ? full_at : now_ns;
    if (from - now_ns + cost_ns > depth_ns)
      return false;
    __u64 full_after = from + cost_ns;
    if (__atomic_compare_exchange(level, &full_at, &full_after, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return true;
  }
}

/** Takes `tokens`; false if the bucket holds fewer. */
static inline bool qp_bucket_take(struct qp_bucket *bucket, uint32_t tokens, uint64_t now_ns)
{
  uint64_t cost = tokens * qp_load(&bucket->token_ns_q16) >> 16;
  return qp_level_take(&bucket->full_at_ns, cost, qp_load(&bucket->depth_ns), now_ns);
}

/** Changes rate and depth. The level stays, up to the new depth. One writer. */
static inline void qp_bucket_reshape(struct qp_bucket *bucket, double per_second, double depth, uint64_t now_ns)
{
  __u64 found = qp_load(&bucket->full_at_ns);
  uint64_t from = found > now_ns ? found : now_ns;
  double missing_ns = (double)(from - now_ns);
  double level = ((double)qp_load(&bucket->depth_ns) - missing_ns) * 65536 / (double)qp_load(&bucket->token_ns_q16);
  /* The bucket must not be full in between, as others draw from it meanwhile. */
  qp_bucket_shape(bucket, per_second, depth);
  double missing = depth > level ? depth - level : 0;
  uint64_t full_at = now_ns + qp_tokens_ns(qp_load(&bucket->token_ns_q16), missing);
  for (;;) {
    /* Adds what others took meanwhile. */
    __u64 full_after = full_at + (found > from ? found - from : 0);
    if (__atomic_compare_exchange(&bucket->full_at_ns, &found, &full_after, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return;
  }
}

#endif
