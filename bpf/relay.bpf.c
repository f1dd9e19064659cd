/*
 * Forwards relayed packets as soon as they arrive. User space gets every packet that the program cannot handle in full:
 * headers other than Ethernet, IP and UDP, checksums left to hardware, unknown connection IDs, and destinations without
 * a neighbour or of the other IP version. A forwarded packet changes only in MACs, addresses, ports, hop limit and
 * checksums.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "parse.h"
#include "policy.h"
#include "rewrite.h"

enum {
  /** The reserved bit, more-fragments and the fragment offset (RFC 791), but not don't-fragment. */
  FRAGMENT_BITS = 0xbfff,
};

static __always_inline int is_to_port(const struct qp_config *settings, const struct udphdr *udp, const void *end)
{
  /* A frame longer than its datagram is padded; a shorter one is truncated. */
  return udp->dest == settings->port && bpf_ntohs(udp->len) == (__u32)(end - (void *)udp);
}

/**
 * Reports whether the UDP checksum covers only the pseudo-header (`addresses`; RFC 768, RFC 8200 section 8.1). A sender
 * on this host leaves the rest to hardware that the packet never reaches (CHECKSUM_PARTIAL), and the kernel does the
 * same when it keeps several datagrams together (UDP_SEGMENT, GRO). Such a checksum cannot be updated: an update
 * expects the complement of a complete sum. One finished checksum in 65 535 looks the same.
 */
static __always_inline int is_unfinished(const struct udphdr *udp, const void *addresses, __u32 bytes)
{
  return udp->check == qp_fold(qp_sum(addresses, bytes / sizeof(__u32)) + udp->len + bpf_htons(IPPROTO_UDP));
}

/** Reads the packet above IP; false if it has no connection ID that may be registered. */
static __always_inline int read_udp(const struct udphdr *udp, const void *end, struct qp_packet *packet)
{
  struct qp_header header = qp_parse((const void *)(udp + 1), end);
  if (!header.destination || (const void *)(header.destination + sizeof packet->cid) > end)
    return 0;
  /* The compiler would copy byte by byte, which is slower: these processors load unaligned words. */
  __builtin_memcpy(&packet->cid, __builtin_assume_aligned(header.destination, sizeof(__u32)), sizeof packet->cid);
  packet->source.port = udp->source;
  packet->bytes = bpf_ntohs(udp->len) - sizeof *udp;
  return 1;
}

/** Returns the verdict for a packet that is not forwarded. Only packets for this host are dropped. */
static __always_inline int verdict_of(enum qp_decision decision, const struct qp_packet *packet,
                                      const struct qp_transfer *transfer)
{
  if (decision != QP_DROP || !qp_is_local(&packet->local))
    return XDP_PASS;
  __u32 reason = transfer->refusal;
  /* The verifier loses track of values in memory, so it has to see the bounds on a register. */
  asm volatile("" : "+r"(reason));
  if (reason < QP_TOTALS)
    qp_count_total(transfer->processor, reason, 1);
  return XDP_DROP;
}

static __always_inline int send_off(struct ethhdr *ethernet, const struct qp_packet *packet,
                                    struct qp_transfer *transfer)
{
  const struct qp_next_hop *next_hop = &transfer->next_hop;
  qp_credit(transfer, packet->bytes);
  /* In 16-bit units: `struct ethhdr` promises the compiler no alignment. */
  __builtin_memcpy(__builtin_assume_aligned(ethernet->h_dest, 2), next_hop->destination, ETH_ALEN);
  __builtin_memcpy(__builtin_assume_aligned(ethernet->h_source, 2), next_hop->source, ETH_ALEN);
  return transfer->is_redirected ? bpf_redirect_map(&redirect_targets, next_hop->egress, 0) : XDP_TX;
}

static __always_inline struct qp_ip mapped(__u32 ipv4)
{
  return (struct qp_ip){ .words = { 0, 0, bpf_htonl(0xffff), ipv4 } };
}

static __always_inline int relay_ipv4(struct xdp_md *context, struct ethhdr *ethernet, void *end)
{
  struct iphdr *ip = (void *)(ethernet + 1);
  struct udphdr *udp = (void *)(ip + 1);
  const struct qp_config *settings = qp_settings();
  if (!settings || (void *)(udp + 1) > end || ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_UDP)
    return XDP_PASS;
  if (ip->frag_off & bpf_htons(FRAGMENT_BITS) || ip->ttl <= 1 || bpf_ntohs(ip->tot_len) != (__u32)(end - (void *)ip))
    return XDP_PASS;
  if (!is_to_port(settings, udp, end) || is_unfinished(udp, &ip->addrs, sizeof ip->addrs))
    return XDP_PASS;
  struct qp_packet packet = {
    .source = { .ip = mapped(ip->saddr) },
    .local = mapped(ip->daddr),
    .ingress = context->ingress_ifindex,
    .length = bpf_ntohs(ip->tot_len),
    .dscp = ip->tos & QP_DSCP_BITS,
  };
  if (!read_udp(udp, end, &packet))
    return XDP_PASS;
  struct qp_transfer transfer;
  enum qp_decision decision = qp_decide(context, settings, &packet, &transfer);
  if (decision != QP_FORWARD)
    return verdict_of(decision, &packet, &transfer);
  qp_rewrite_ipv4(ip, udp, &transfer.local, &transfer.destination);
  return send_off(ethernet, &packet, &transfer);
}

static __always_inline int is_link_local(const struct in6_addr *ip)
{
  return ip->s6_addr[0] == 0xfe && (ip->s6_addr[1] & 0xc0) == 0x80;
}

static __always_inline int relay_ipv6(struct xdp_md *context, struct ethhdr *ethernet, void *end)
{
  struct ipv6hdr *ip = (void *)(ethernet + 1);
  struct udphdr *udp = (void *)(ip + 1);
  const struct qp_config *settings = qp_settings();
  if (!settings || (void *)(udp + 1) > end || ip->version != 6 || ip->nexthdr != IPPROTO_UDP || ip->hop_limit <= 1)
    return XDP_PASS;
  /*
   * A checksum of zero is an error in IPv6 (RFC 8200 section 8.1). A link-local address has no meaning without its
   * zone.
   */
  if (bpf_ntohs(ip->payload_len) != (__u32)(end - (void *)udp) || udp->check == 0 || is_link_local(&ip->saddr))
    return XDP_PASS;
  struct qp_packet packet = {
    .ingress = context->ingress_ifindex,
    .length = bpf_ntohs(ip->payload_len) + sizeof *ip,
  };
  __builtin_memcpy(&packet.source.ip, &ip->saddr, sizeof ip->saddr);
  __builtin_memcpy(&packet.local, &ip->daddr, sizeof ip->daddr);
  /* An IPv4-mapped address in a packet could impersonate an IPv4 host (RFC 4942 section 2.2). */
  if (qp_is_ipv4(&packet.source.ip) || qp_is_ipv4(&packet.local))
    return XDP_PASS;
  if (!is_to_port(settings, udp, end) || is_unfinished(udp, &ip->addrs, sizeof ip->addrs))
    return XDP_PASS;
  if (!read_udp(udp, end, &packet))
    return XDP_PASS;
  struct qp_transfer transfer;
  enum qp_decision decision = qp_decide(context, settings, &packet, &transfer);
  if (decision != QP_FORWARD)
    return verdict_of(decision, &packet, &transfer);
  qp_rewrite_ipv6(ip, udp, &transfer.local, &transfer.destination);
  return send_off(ethernet, &packet, &transfer);
}

SEC("xdp")
int relay(struct xdp_md *context)
{
  void *end = (void *)(long)context->data_end;
  struct ethhdr *ethernet = (void *)(long)context->data;
  if ((void *)(ethernet + 1) > end)
    return XDP_PASS;
  if (ethernet->h_proto == bpf_htons(ETH_P_IP))
    return relay_ipv4(context, ethernet, end);
  if (ethernet->h_proto == bpf_htons(ETH_P_IPV6))
    return relay_ipv6(context, ethernet, end);
  return XDP_PASS;
}

/* bpf_fib_lookup is available only to programs with a GPL-compatible license. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
