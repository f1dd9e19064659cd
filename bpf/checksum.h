/* The Internet checksum (RFC 1071), and what becomes of one when words change (RFC 1624 section 3, equation 3). */
#ifndef QP_CHECKSUM_H
#define QP_CHECKSUM_H

#include <linux/types.h>

/** The sum of words, which folds to that of their halves (RFC 1071 section 2, "Parallel Summation"). */
static __always_inline __u64 qp_sum(const __u32 *words, int count)
{
  __u64 sum = 0;
  for (int i = 0; i < count; i++)
    sum += words[i];
  return sum;
}

/** What takes them out of a sum that they are in. */
static __always_inline __u64 qp_sum_without(const __u32 *words, int count)
{
  __u64 sum = 0;
  for (int i = 0; i < count; i++)
    sum += ~words[i];
  return sum;
}

/** The ones' complement sum of 16 bits; `sum` is less than 2^47. It is zero for nothing but zeros. */
static __always_inline __u16 qp_fold(__u64 sum)
{
  for (int i = 0; i < 3; i++)
    sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

/** The checksum after a change. */
static __always_inline __u16 qp_checksum_after(__u16 checksum, __u64 change)
{
  return (__u16)~qp_fold((__u16)~checksum + change);
}

#endif
