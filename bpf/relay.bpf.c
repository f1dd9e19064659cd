/*
 * Forwards relayed packets where they come in. Whatever it does not know how to handle in full, user space gets: other
 * headers than Ethernet, IP and UDP, checksums that hardware was to finish, unknown connection IDs, a destination
 * without neighbour or of the other IP version. A packet that leaves is the one that came in but for MACs, addresses,
 * ports, hop limit and checksums.
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
#include "ways.h"

enum {
  FAMILY_IPV4 = 2,
  FAMILY_IPV6 = 10,
  /** RFC 791: reserved bit and more-fragments, and the offset; not don't-fragment. */
  FRAGMENT_BITS = 0xbfff,
  /** BPF_FIB_LOOKUP_SRC, which the headers of Linux 6.7 are the first to have. */
  FIB_LOOKUP_SRC = 1 << 4,
};

static __always_inline int is_to_port(const struct qp_config *settings, const struct udphdr *udp, const void *end)
{
  /* A frame that is longer than its datagram is padded; a shorter one is cut off. */
  return udp->dest == settings->port && bpf_ntohs(udp->len) == (__u32)(end - (void *)udp);
}

static __always_inline int is_local(const struct qp_ip *ip)
{
  return bpf_map_lookup_elem(&locals, ip) != 0;
}

/**
 * Whether the UDP checksum is the sum of the pseudo-header alone (`addresses`, RFC 768, RFC 8200 section 8.1). A sender
 * on this host leaves the rest to hardware that it never reaches (CHECKSUM_PARTIAL), and so does the kernel where it
 * keeps several datagrams together (UDP_SEGMENT, GRO); they take no update, which is for the complement of a whole sum.
 * Of finished checksums 1 in 65 535 looks the same.
 */
static __always_inline int is_unfinished(const struct udphdr *udp, const void *addresses, __u32 bytes)
{
  return udp->check == qp_fold(qp_sum(addresses, bytes / sizeof(__u32)) + udp->len + bpf_htons(IPPROTO_UDP));
}

/** Asks for the next hop; false if there is none, or user space would send from another address of this host. */
static __always_inline int ask_way(struct xdp_md *context, const struct qp_config *settings, const struct qp_ip *local,
                                   struct bpf_fib_lookup *asked)
{
  __u32 flags = settings->departure == QP_DEPARTURE_BY_ROUTE ? FIB_LOOKUP_SRC : 0;
  if (bpf_fib_lookup(context, asked, sizeof *asked, flags) != BPF_FIB_LKUP_RET_SUCCESS)
    return 0;
  if (settings->departure == QP_DEPARTURE_UNTOLD)
    return asked->ifindex == context->ingress_ifindex;
  if (asked->family == FAMILY_IPV4)
    return asked->ipv4_src == local->words[3];
  return qp_same_ip((const struct qp_ip *)asked->ipv6_src, local);
}

/**
 * Finds the way out; the headers are rewritten only once it is known and paid for. That a packet is for this host at
 * all is known of a way that is remembered, and else looked up here.
 */
static __always_inline int find_way(struct xdp_md *context, const struct qp_config *settings,
                                    const struct qp_transfer *transfer, const struct qp_ip *local,
                                    struct bpf_fib_lookup *asked, struct qp_way *way)
{
  asked->l4_protocol = IPPROTO_UDP;
  asked->dport = transfer->destination.port;
  asked->ifindex = context->ingress_ifindex;
  if (qp_recall_way(transfer, local, asked, way))
    return 1;
  __builtin_memset(way, 0, sizeof *way);
  way->tos = asked->tos;
  if (!is_local(local) || !ask_way(context, settings, local, asked))
    return 0;
  way->ingress = context->ingress_ifindex;
  way->egress = asked->ifindex;
  way->is_redirected = bpf_map_lookup_elem(&exits, &way->egress) != 0;
  if (way->egress != way->ingress && !way->is_redirected)
    return 0;
  way->address_version = transfer->address_version;
  way->local = *local;
  way->expires_at_ns = transfer->now_ns + QP_WAY_TTL;
  way->mtu = asked->mtu_result;
  __builtin_memcpy(way->destination, asked->dmac, ETH_ALEN);
  __builtin_memcpy(way->source, asked->smac, ETH_ALEN);
  qp_remember_way(transfer, way);
  return 1;
}

/** Whether the packet has a way and its sender the tokens; where it has none, user space gets it unpaid. */
static __always_inline enum qp_decision admit(struct xdp_md *context, const struct qp_config *settings,
                                              struct qp_transfer *transfer, const struct qp_ip *local,
                                              struct bpf_fib_lookup *asked, struct qp_way *way, __u32 bytes)
{
  return find_way(context, settings, transfer, local, asked, way) ? qp_take(transfer, bytes) : QP_PASS;
}

static __always_inline int send_off(struct ethhdr *ethernet, const struct qp_way *way)
{
  __builtin_memcpy(ethernet->h_dest, way->destination, ETH_ALEN);
  __builtin_memcpy(ethernet->h_source, way->source, ETH_ALEN);
  return way->is_redirected ? bpf_redirect_map(&exits, way->egress, 0) : XDP_TX;
}

/** Ports, and the UDP checksum for the ports and for the change in the addresses. */
static __always_inline void rewrite_udp(struct udphdr *udp, __u16 destination, __u64 change)
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

static __always_inline void rewrite_ipv4(struct iphdr *ip, struct udphdr *udp, const struct qp_source *to)
{
  __u32 destination = to->ip.words[3];
  __u64 change = qp_sum_without(&ip->saddr, 1) + destination;
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

/** What becomes of a packet that is not forwarded; one for another host is none of ours to drop. */
static __always_inline int verdict_of(enum qp_decision decision, const struct qp_ip *local,
                                      const struct qp_transfer *transfer)
{
  if (decision != QP_DROP || !is_local(local))
    return XDP_PASS;
  qp_count_total(transfer->refusal, 1);
  return XDP_DROP;
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
  if (!is_to_port(settings, udp, end) || is_unfinished(udp, &ip->addrs, sizeof ip->addrs))
    return XDP_PASS;
  struct qp_source source = { .ip = mapped(ip->saddr), .port = udp->source };
  struct qp_transfer transfer;
  __u32 bytes = bpf_ntohs(udp->len) - sizeof *udp;
  enum qp_decision decision = qp_look_up(settings, (void *)(udp + 1), end, &source, &transfer);
  if (decision != QP_FORWARD || !is_ipv4(&transfer.destination.ip))
    return verdict_of(decision, &local, &transfer);
  struct bpf_fib_lookup asked = { .family = FAMILY_IPV4, .sport = udp->dest, .tot_len = bpf_ntohs(ip->tot_len) };
  asked.tos = ip->tos;
  asked.ipv4_src = ip->daddr;
  asked.ipv4_dst = transfer.destination.ip.words[3];
  struct qp_way way;
  decision = admit(context, settings, &transfer, &local, &asked, &way, bytes);
  if (decision != QP_FORWARD)
    return verdict_of(decision, &local, &transfer);
  rewrite_ipv4(ip, udp, &transfer.destination);
  qp_credit(&transfer, bytes);
  return send_off(ethernet, &way);
}

/** The hop limit is in no checksum, the addresses in UDP's alone. */
static __always_inline void rewrite_ipv6(struct ipv6hdr *ip, struct udphdr *udp, const struct qp_source *to)
{
  rewrite_udp(udp, to->port, qp_sum_without(ip->saddr.s6_addr32, 4) + qp_sum(to->ip.words, 4));
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
  if (is_ipv4(&source.ip) || is_ipv4(&local) || !is_to_port(settings, udp, end))
    return XDP_PASS;
  if (is_unfinished(udp, &ip->addrs, sizeof ip->addrs))
    return XDP_PASS;
  struct qp_transfer transfer;
  __u32 bytes = bpf_ntohs(udp->len) - sizeof *udp;
  enum qp_decision decision = qp_look_up(settings, (void *)(udp + 1), end, &source, &transfer);
  if (decision != QP_FORWARD || is_ipv4(&transfer.destination.ip))
    return verdict_of(decision, &local, &transfer);
  struct bpf_fib_lookup asked = { .family = FAMILY_IPV6, .sport = udp->dest };
  asked.tot_len = bpf_ntohs(ip->payload_len) + sizeof *ip;
  __builtin_memcpy(asked.ipv6_src, &ip->daddr, sizeof asked.ipv6_src);
  __builtin_memcpy(asked.ipv6_dst, &transfer.destination.ip, sizeof asked.ipv6_dst);
  struct qp_way way;
  decision = admit(context, settings, &transfer, &local, &asked, &way, bytes);
  if (decision != QP_FORWARD)
    return verdict_of(decision, &local, &transfer);
  rewrite_ipv6(ip, udp, &transfer.destination);
  qp_credit(&transfer, bytes);
  return send_off(ethernet, &way);
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
