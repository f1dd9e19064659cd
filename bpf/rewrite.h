/*
 * Rewrites a packet that is forwarded: addresses, ports, hop limit, and the Internet checksums (RFC 1071) over them,
 * by incremental update (RFC 1624 section 3, equation 3).
 */
#ifndef QP_REWRITE_H
#define QP_REWRITE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "transfer.h"

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

/** Rewrites the ports, and updates the UDP checksum for the ports and for the change in addresses. */
static __always_inline void qp_rewrite_udp(struct udphdr *udp, __u16 destination, __u64 change)
{
  change += (__u16)~udp->source + destination;
  /* The relay's own port moves from destination to source, which leaves the sum unchanged. */
  udp->source = udp->dest;
  udp->dest = destination;
  if (udp->check == 0)
    return;
  udp->check = qp_checksum_after(udp->check, change);
  /* Zero means no checksum (RFC 768). */
  if (udp->check == 0)
    udp->check = 0xffff;
}

static __always_inline void qp_rewrite_ipv4(struct iphdr *ip, struct udphdr *udp, const struct qp_ip *from,
                                            const struct qp_udp_address *to)
{
  __u32 source = from->words[3], destination = to->ip.words[3];
  __u64 change = qp_sum_without(&ip->saddr, 2) + source + destination;
  qp_rewrite_udp(udp, to->port, change);
  ip->saddr = source;
  ip->daddr = destination;
  /* The TTL is the upper half of its 16-bit word. */
  ip->ttl--;
  ip->check = qp_checksum_after(ip->check, change + (__u16)~bpf_htons(0x0100));
}

/** No checksum covers the hop limit, and only the UDP checksum covers the addresses. */
static __always_inline void qp_rewrite_ipv6(struct ipv6hdr *ip, struct udphdr *udp, const struct qp_ip *from,
                                            const struct qp_udp_address *to)
{
  __u64 change = qp_sum_without(ip->saddr.s6_addr32, 8) + qp_sum(from->words, 4) + qp_sum(to->ip.words, 4);
  qp_rewrite_udp(udp, to->port, change);
  __builtin_memcpy(&ip->saddr, from, sizeof ip->saddr);
  __builtin_memcpy(&ip->daddr, &to->ip, sizeof ip->daddr);
  ip->hop_limit--;
}

#endif
