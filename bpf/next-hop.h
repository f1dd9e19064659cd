/* The next hop to a session, by the kernel's routes and neighbours. */
#ifndef QP_NEXT_HOP_H
#define QP_NEXT_HOP_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>

#include "packet.h"
#include "transfer.h"

enum {
  QP_FAMILY_IPV4 = 2,
  QP_FAMILY_IPV6 = 10,
};

static __always_inline int qp_is_ipv4(const struct qp_ip *ip)
{
  return ip->words[0] == 0 && ip->words[1] == 0 && ip->words[2] == bpf_htonl(0xffff);
}

static __always_inline int qp_same_ip(const struct qp_ip *one, const struct qp_ip *other)
{
  __u32 difference = 0;
  for (int i = 0; i < 4; i++)
    difference |= one->words[i] ^ other->words[i];
  return difference == 0;
}

static __always_inline int qp_is_local(const struct qp_ip *ip)
{
  return bpf_map_lookup_elem(&local_addresses, ip) != 0;
}

static __always_inline void qp_name_addresses(struct bpf_fib_lookup *asked, const struct qp_ip *source,
                                              const struct qp_ip *destination)
{
  if (qp_is_ipv4(destination)) {
    asked->family = QP_FAMILY_IPV4;
    asked->ipv4_src = source->words[3];
    asked->ipv4_dst = destination->words[3];
  } else {
    asked->family = QP_FAMILY_IPV6;
    __builtin_memcpy(asked->ipv6_src, source, sizeof asked->ipv6_src);
    __builtin_memcpy(asked->ipv6_dst, destination, sizeof asked->ipv6_dst);
  }
}

/**
 * Reports whether the packet is for this host and can leave from another of its addresses, with the same IP version.
 */
static __always_inline int qp_may_leave(const struct qp_packet *packet, const struct qp_transfer *transfer)
{
  int is_ipv4 = qp_is_ipv4(&packet->local);
  return qp_is_ipv4(&transfer->destination.ip) == is_ipv4 && qp_is_ipv4(&transfer->local) == is_ipv4 &&
         qp_is_local(&packet->local) && qp_is_local(&transfer->local);
}

/** Looks up the next hop to `transfer->destination`; false if there is none that user space would use as well. */
static __always_inline int qp_find_next_hop(struct xdp_md *context, const struct qp_config *settings,
                                            const struct qp_packet *packet, struct qp_transfer *transfer)
{
  const struct qp_udp_address *to = &transfer->destination;
  struct qp_next_hop *next_hop = &transfer->next_hop;
  struct bpf_fib_lookup asked = { .l4_protocol = IPPROTO_UDP, .sport = settings->port, .dport = to->port };
  asked.tot_len = packet->length;
  asked.ifindex = packet->ingress;
  asked.tos = packet->dscp;
  qp_name_addresses(&asked, &transfer->local, &to->ip);
  if (!qp_may_leave(packet, transfer) || bpf_fib_lookup(context, &asked, sizeof asked, 0) != BPF_FIB_LKUP_RET_SUCCESS)
    return 0;
  transfer->mtu = asked.mtu_result;
  next_hop->egress = asked.ifindex;
  transfer->is_redirected = bpf_map_lookup_elem(&redirect_targets, &next_hop->egress) != 0;
  __builtin_memcpy(next_hop->destination, asked.dmac, ETH_ALEN);
  __builtin_memcpy(next_hop->source, asked.smac, ETH_ALEN);
  return transfer->is_redirected || next_hop->egress == packet->ingress;
}

#endif
