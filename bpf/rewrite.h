/* What changes in a packet that leaves: addresses, ports, hop limit, and the checksums over them. */
#ifndef QP_REWRITE_H
#define QP_REWRITE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "checksum.h"
#include "transfer.h"

/** Ports, and the UDP checksum for the ports and for the change in the addresses. */
static __always_inline void qp_rewrite_udp(struct udphdr *udp, __u16 destination, __u64 change)
{
  change += (__u16)~udp->source + destination;
  /* The relay's own port moves from one field to the other, which no sum notices. */
  udp->source = udp->dest;
  udp->dest = destination;
  if (udp->check == 0)
    return;
  udp->check = qp_checksum_after(udp->check, change);
  /* RFC 768: zero says that there is none. */
  if (udp->check == 0)
    udp->check = 0xffff;
}

static __always_inline void qp_rewrite_ipv4(struct iphdr *ip, struct udphdr *udp, const struct qp_ip *from,
                                             const struct qp_source *to)
{
  __u32 source = from->words[3], destination = to->ip.words[3];
  __u64 change = qp_sum_without(&ip->saddr, 2) + source + destination;
  qp_rewrite_udp(udp, to->port, change);
  ip->saddr = source;
  ip->daddr = destination;
  /* TTL is the upper half of its word. */
  ip->ttl--;
  ip->check = qp_checksum_after(ip->check, change + (__u16)~bpf_htons(0x0100));
}

/** The hop limit is in no checksum, the addresses in UDP's alone. */
static __always_inline void qp_rewrite_ipv6(struct ipv6hdr *ip, struct udphdr *udp, const struct qp_ip *from,
                                             const struct qp_source *to)
{
  __u64 change = qp_sum_without(ip->saddr.s6_addr32, 8) + qp_sum(from->words, 4) + qp_sum(to->ip.words, 4);
  qp_rewrite_udp(udp, to->port, change);
  __builtin_memcpy(&ip->saddr, from, sizeof ip->saddr);
  __builtin_memcpy(&ip->daddr, &to->ip, sizeof ip->daddr);
  ip->hop_limit--;
}

#endif
