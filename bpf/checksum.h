/* Incremental updates of the Internet checksum (RFC 1624 section 3, equation 3). */
#ifndef QP_CHECKSUM_H
#define QP_CHECKSUM_H

#include <linux/types.h>

/** The change in the checksum when `words` 16-bit words are taken out, to be added up with other changes. */
static __always_inline __u32 qp_checksum_without(const void *bytes, int words)
{
  const __u16 *word = bytes;
  __u32 sum = 0;
  for (int i = 0; i < words; i++)
    sum += (__u16)~word[i];
  return sum;
}

/** The change when they are put in. */
static __always_inline __u32 qp_checksum_with(const void *bytes, int words)
{
  const __u16 *word = bytes;
  __u32 sum = 0;
  for (int i = 0; i < words; i++)
    sum += word[i];
  return sum;
}

/** The checksum after a change. */
static __always_inline __u16 qp_checksum_after(__u16 checksum, __u32 change)
{
  __u32 sum = (__u16)~checksum + change;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)~sum;
}

#endif
