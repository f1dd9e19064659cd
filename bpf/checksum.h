/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624 section 3, equation 3). */
#ifndef QP_CHECKSUM_H
#define QP_CHECKSUM_H

#include <linux/types.h>

/** Sums 32-bit words. The result folds to the sum of their 16-bit halves (RFC 1071 section 2, "Parallel Summation"). */
static __always_inline __u64 qp_sum(const __u32 *words, int count)
{
  __u64 sum = 0;
  for (int i = 0; i < count; i++)
    sum += words[i];
  return sum;
}

/** Returns the value that removes the words from a sum that contains them. */
static __always_inline __u64 qp_sum_without(const __u32 *words, int count)
{
  __u64 sum = 0;
  for (int i = 0; i < count; i++)
    sum += ~words[i];
  return sum;
}

/** Folds a sum below 2^47 to the 16-bit ones' complement sum. The result is zero only if every summand was zero. */
static __always_inline __u16 qp_fold(__u64 sum)
{
  for (int i = 0; i < 3; i++)
    sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

/** Applies a change to a checksum. */
static __always_inline __u16 qp_checksum_after(__u16 checksum, __u64 change)
{
  return (__u16)~qp_fold((__u16)~checksum + change);
}

#endif
