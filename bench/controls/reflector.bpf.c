/*
 * Control of the XDP rows: returns every packet for the relay to its source. It only swaps MACs, addresses and ports,
 * which leaves all checksums valid.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../rig/native/refill.h"

SEC("xdp")
int reflect(struct xdp_md *context)
{
  void *end = (void *)(long)context->data_end;
  struct ethhdr *ethernet = (void *)(long)context->data;
  struct iphdr *ip = (void *)(ethernet + 1);
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
      ip->protocol != IPPROTO_UDP || udp->dest != bpf_htons(QP_RELAY_PORT))
    return XDP_PASS;
  __u8 mac[ETH_ALEN];
  __builtin_memcpy(mac, ethernet->h_dest, ETH_ALEN);
  __builtin_memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
  __builtin_memcpy(ethernet->h_source, mac, ETH_ALEN);
  __u32 address = ip->daddr;
  ip->daddr = ip->saddr;
  ip->saddr = address;
  __u16 port = udp->dest;
  udp->dest = udp->source;
  udp->source = port;
  return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
