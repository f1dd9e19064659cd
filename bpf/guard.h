/*
 * Data guarded by a version that is odd during a write, so that readers detect a half-written value. Address
 * dependencies order the loads: no processor loads through a pointer before it has the value that the pointer is
 * computed from. The barriers that BPF offers are atomic operations of 4 ns each, and a packet would need four.
 */
#ifndef QP_GUARD_H
#define QP_GUARD_H

#include <linux/types.h>

/** Returns `pointer`, made to depend on `word`, so that loads through it come after that of `word`. */
static __always_inline const void *qp_after(const void *pointer, __u64 word)
{
  /* Always zero, but opaque to the compiler. */
  asm volatile("%0 &= 0" : "+r"(word));
  return pointer + word;
}

static __always_inline __u32 qp_load_version(const __u32 *version)
{
  return *(const volatile __u32 *)version;
}

/** Copies `count` words guarded by `version` and stores the version in `seen`; false if a write was in progress. */
static __always_inline int qp_copy_guarded(void *to, const void *from, int count, const __u32 *version, __u32 *seen)
{
  *seen = qp_load_version(version);
  const void *words = __builtin_assume_aligned(qp_after(from, *seen), sizeof(__u32));
  __u32 all = 0;
  for (int i = 0; i < count; i++) {
    __u32 word;
    __builtin_memcpy(&word, words + i * sizeof word, sizeof word);
    __builtin_memcpy(to + i * sizeof word, &word, sizeof word);
    all |= word;
  }
  return *seen % 2 == 0 && qp_load_version(qp_after(version, all)) == *seen;
}

/** Begins a write of data guarded by `version`; false if another write is in progress. Ended by `qp_end_writing`. */
static __always_inline int qp_begin_writing(__u32 *version)
{
  __u32 before = qp_load_version(version);
  if (before % 2 != 0 || __sync_val_compare_and_swap(version, before, before + 1) != before)
    return 0;
  /* A full barrier between the version and the data written next. */
  __sync_fetch_and_add(version, 0);
  return 1;
}

static __always_inline void qp_end_writing(__u32 *version)
{
  __sync_fetch_and_add(version, 1);
}

#endif
