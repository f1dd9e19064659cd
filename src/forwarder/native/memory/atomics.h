/*
 * Relaxed atomic access to words shared by threads, and with the kernel if they are in a map: never torn, in no
 * particular order.
 */
#ifndef QP_ATOMICS_H
#define QP_ATOMICS_H

#include <linux/types.h>

static inline __u64 qp_load(const __u64 *word)
{
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void qp_store(__u64 *word, __u64 value)
{
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline __u32 qp_load_index(const __u32 *word)
{
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void qp_store_index(__u32 *word, __u32 value)
{
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void qp_add(__u64 *word, __u64 amount)
{
  __atomic_fetch_add(word, amount, __ATOMIC_RELAXED);
}

#endif
