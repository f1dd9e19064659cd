/*
 * What is guarded by a version, which is odd while somebody writes, so that nobody takes half of it for a whole. The
 * loads come in order by their addresses: no processor loads through a pointer before it has what the pointer is made
 * of. The barriers that BPF has are atomic operations; they would take 4 ns each, and a packet would need four.
 */
#ifndef QP_GUARD_H
#define QP_GUARD_H

#include <linux/types.h>

/** `pointer`, made so that `word` has to be there before anything is loaded through it. */
static __always_inline const void *qp_after(const void *pointer, __u64 word)
{
  /* Zero, which the compiler does not see. */
  asm volatile("%0 &= 0" : "+r"(word));
  return pointer + word;
}

static __always_inline __u32 qp_load_version(const __u32 *version)
{
  return *(const volatile __u32 *)version;
}

/** Copies `count` words that `version` guards, and tells which it was in `seen`; false if somebody was writing. */
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

/** Begins to write what `version` guards; false if somebody else does. Ended with `qp_end_writing`. */
static __always_inline int qp_begin_writing(__u32 *version)
{
  __u32 before = qp_load_version(version);
  if (before % 2 != 0 || __sync_val_compare_and_swap(version, before, before + 1) != before)
    return 0;
  /* A full barrier between that and what is written. */
  __sync_fetch_and_add(version, 0);
  return 1;
}

static __always_inline void qp_end_writing(__u32 *version)
{
  __sync_fetch_and_add(version, 1);
}

#endif
