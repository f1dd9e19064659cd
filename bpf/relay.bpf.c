/*
 * Forwards relayed packets where they come in. Whatever it does not know how to handle in full, user space gets: other
 * headers than Ethernet, IP and UDP, unknown connection IDs, a destination without neighbour or of the other IP
 * version. A packet that leaves is the one that came in but for MACs, addresses, ports, hop limit and checksums.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "checksum.h"
#include "transfer.h"

enum {
  FAMILY_IPV4 = 2,
  FAMILY_IPV6 = 10,
  /** RFC 791: reserved bit and more-fragments, and the offset; not don't-fragment. */
  FRAGMENT_BITS = 0xbfff,
};

static __always_inline int is_for_relay(const struct qp_config *settings, const struct qp_ip *local,
                                        const struct udphdr *udp, const void *end)
{
  /* A frame that is longer than its datagram is padded; a shorter one is cut off. */
  return udp->dest == settings->port && bpf_ntohs(udp->len) == (__u32)(end - (void *)udp) &&
         bpf_map_lookup_elem(&locals, local);
}

/** Finds the way out; the headers are rewritten only once it is known and paid for. */
static __always_inline enum qp_decision find_way(struct xdp_md *context, struct qp_transfer *transfer,
                                                 struct bpf_fib_lookup *way, __u32 payload_bytes)
{
  way->l4_protocol = IPPROTO_UDP;
  way->dport = transfer->destination.port;
  way->ifindex = context->ingress_ifindex;
  if (bpf_fib_lookup(context, way, sizeof *way, 0) != BPF_FIB_LKUP_RET_SUCCESS)
    return QP_PASS;
  if (way->ifindex != context->ingress_ifindex && !bpf_map_lookup_elem(&exits, &way->ifindex))
    return QP_PASS;
  return transfer->from ? qp_take(transfer->from, payload_bytes, transfer->now_ns) : QP_FORWARD;
}

static __always_inline int send_off(struct xdp_md *context, struct ethhdr *ethernet, const struct bpf_fib_lookup *way)
{
  __builtin_memcpy(ethernet->h_dest, way->dmac, ETH_ALEN);
  __builtin_memcpy(ethernet->h_source, way->smac, ETH_ALEN);
  return way->ifindex == context->ingress_ifindex ? XDP_TX : bpf_redirect_map(&exits, way->ifindex, 0);
}

/** Ports, and the UDP checksum for the ports and for the change in the addresses. */
static __always_inline void rewrite_udp(struct udphdr *udp, __u16 destination, __u32 change)
{
  change += qp_checksum_without(&udp->source, 1) + qp_checksum_with(&destination, 1);
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

static __always_inline void rewrite_ipv4(struct iphdr *ip, struct udphdr *udp, const struct qp_source *to)
{
  __u32 destination = to->ip.words[3];
  __u32 change = qp_checksum_without(&ip->saddr, 2) + qp_checksum_with(&destination, 2);
  rewrite_udp(udp, to->port, change);
  ip->saddr = ip->daddr;
  ip->daddr = destination;
  /* TTL is the upper half of its word. */
  ip->ttl--;
  ip->check = qp_checksum_after(ip->check, change + (__u16)~bpf_htons(0x0100));
}

static __always_inline int is_ipv4(const struct qp_ip *ip)
{
  return ip->words[0] == 0 && ip->words[1] == 0 && ip->words[2] == bpf_htonl(0xffff);
}

static __always_inline struct qp_ip mapped(__u32 ipv4)
{
  return (struct qp_ip){ .words = { 0, 0, bpf_htonl(0xffff), ipv4 } };
}

static __always_inline int verdict_of(enum qp_decision decision)
{
  return decision == QP_DROP ? XDP_DROP : XDP_PASS;
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
  struct qp_ip local = mapped(ip->daddr);
  if (!is_for_relay(settings, &local, udp, end))
    return XDP_PASS;
  struct qp_source source = { .ip = mapped(ip->saddr), .port = udp->source };
  struct qp_transfer transfer;
  __u32 bytes = bpf_ntohs(udp->len) - sizeof *udp;
  enum qp_decision decision = qp_look_up(settings, (void *)(udp + 1), end, &source, &transfer);
  if (decision != QP_FORWARD || !is_ipv4(&transfer.destination.ip))
    return verdict_of(decision);
  struct bpf_fib_lookup way = { .family = FAMILY_IPV4, .sport = udp->dest, .tot_len = bpf_ntohs(ip->tot_len) };
  way.tos = ip->tos;
  way.ipv4_src = ip->daddr;
  way.ipv4_dst = transfer.destination.ip.words[3];
  decision = find_way(context, &transfer, &way, bytes);
  if (decision != QP_FORWARD)
    return verdict_of(decision);
  rewrite_ipv4(ip, udp, &transfer.destination);
  qp_credit(&transfer, bytes);
  return send_off(context, ethernet, &way);
}

/** The hop limit is in no checksum, the addresses in UDP's alone. */
static __always_inline void rewrite_ipv6(struct ipv6hdr *ip, struct udphdr *udp, const struct qp_source *to)
{
  rewrite_udp(udp, to->port, qp_checksum_without(&ip->saddr, 8) + qp_checksum_with(&to->ip, 8));
  ip->saddr = ip->daddr;
  __builtin_memcpy(&ip->daddr, &to->ip, sizeof ip->daddr);
  ip->hop_limit--;
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
  struct qp_ip local;
  struct qp_source source = { .port = udp->source };
  __builtin_memcpy(&local, &ip->daddr, sizeof local);
  __builtin_memcpy(&source.ip, &ip->saddr, sizeof source.ip);
  /* RFC 8200 section 8.1: a checksum of zero is an error here. A link-local address means nothing without its zone. */
  if (bpf_ntohs(ip->payload_len) != (__u32)(end - (void *)udp) || udp->check == 0 || is_link_local(&ip->saddr))
    return XDP_PASS;
  /* RFC 4942 section 2.2: an IPv4-mapped address in a packet poses as another's IPv4 address. */
  if (is_ipv4(&source.ip) || is_ipv4(&local) || !is_for_relay(settings, &local, udp, end))
    return XDP_PASS;
  struct qp_transfer transfer;
  __u32 bytes = bpf_ntohs(udp->len) - sizeof *udp;
  enum qp_decision decision = qp_look_up(settings, (void *)(udp + 1), end, &source, &transfer);
  if (decision != QP_FORWARD || is_ipv4(&transfer.destination.ip))
    return verdict_of(decision);
  struct bpf_fib_lookup way = { .family = FAMILY_IPV6, .sport = udp->dest };
  way.tot_len = bpf_ntohs(ip->payload_len) + sizeof *ip;
  __builtin_memcpy(way.ipv6_src, &ip->daddr, sizeof way.ipv6_src);
  __builtin_memcpy(way.ipv6_dst, &transfer.destination.ip, sizeof way.ipv6_dst);
  decision = find_way(context, &transfer, &way, bytes);
  if (decision != QP_FORWARD)
    return verdict_of(decision);
  rewrite_ipv6(ip, udp, &transfer.destination);
  qp_credit(&transfer, bytes);
  return send_off(context, ethernet, &way);
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

/* bpf_fib_lookup is for programs whose licence goes together with the GPL. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
