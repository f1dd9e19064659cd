/*
 * A token bucket that starts full, as one word: the time at which it will be full again (the generic cell rate
 * algorithm, ITU-T I.371). Several threads may take from it. The clock is passed in and must not go back.
 */
#ifndef QP_BUCKET_H
#define QP_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct qp_bucket {
  /** Nanoseconds that one token takes to flow in, as a fixed-point number with 16 binary places. */
  _Atomic uint64_t token_ns_q16;
  /** What flows into an empty bucket until it is full, in ns. */
  _Atomic uint64_t depth_ns;
  _Atomic uint64_t full_at_ns;
};

static inline uint64_t qp_bucket_load(const _Atomic uint64_t *word)
{
  return atomic_load_explicit(word, memory_order_relaxed);
}

static inline uint64_t qp_tokens_ns(uint64_t token_ns_q16, double tokens)
{
  double ns = tokens * (double)token_ns_q16 / 65536;
  return ns > 1e18 ? (uint64_t)1e18 : (uint64_t)ns;
}

/** At most one second for a token, so that what 65 535 of them cost fits a word, and at least the unit. */
static inline uint64_t qp_token_ns_q16(double per_second)
{
  double token_ns = per_second > 1 ? 1e9 / per_second : 1e9;
  uint64_t token_ns_q16 = (uint64_t)(token_ns * 65536);
  return token_ns_q16 > 0 ? token_ns_q16 : 1;
}

static inline void qp_bucket_init(struct qp_bucket *bucket, double per_second, double depth)
{
  uint64_t token_ns_q16 = qp_token_ns_q16(per_second);
  atomic_store_explicit(&bucket->token_ns_q16, token_ns_q16, memory_order_relaxed);
  atomic_store_explicit(&bucket->depth_ns, qp_tokens_ns(token_ns_q16, depth), memory_order_relaxed);
  atomic_store_explicit(&bucket->full_at_ns, 0, memory_order_relaxed);
}

/** Takes `tokens` if they are there; tells whether they were. */
static inline bool qp_bucket_take(struct qp_bucket *bucket, uint32_t tokens, uint64_t now_ns)
{
  uint64_t cost = tokens * qp_bucket_load(&bucket->token_ns_q16) >> 16;
  uint64_t depth = qp_bucket_load(&bucket->depth_ns);
  uint64_t full_at = qp_bucket_load(&bucket->full_at_ns);
  for (;;) {
    uint64_t from = full_at > now_ns ? full_at : now_ns;
    if (from - now_ns + cost > depth)
      return false;
    if (atomic_compare_exchange_weak_explicit(&bucket->full_at_ns, &full_at, from + cost,
                                              memory_order_relaxed, memory_order_relaxed))
      return true;
  }
}

/** Changes rate and depth; the level stays, up to the new depth. One writer. */
static inline void qp_bucket_reshape(struct qp_bucket *bucket, double per_second, double depth, uint64_t now_ns)
{
  uint64_t full_at = qp_bucket_load(&bucket->full_at_ns);
  double missing_ns = full_at > now_ns ? (double)(full_at - now_ns) : 0;
  double level = ((double)qp_bucket_load(&bucket->depth_ns) - missing_ns) * 65536 /
                 (double)qp_bucket_load(&bucket->token_ns_q16);
  qp_bucket_init(bucket, per_second, depth);
  double missing = depth > level ? depth - level : 0;
  uint64_t token_ns_q16 = qp_bucket_load(&bucket->token_ns_q16);
  atomic_store_explicit(&bucket->full_at_ns, now_ns + qp_tokens_ns(token_ns_q16, missing), memory_order_relaxed);
}

#endif
