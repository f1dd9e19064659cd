/* The cached sender and next hop of the last packet to a session. */
#ifndef QP_FLOW_H
#define QP_FLOW_H

#include <linux/if_ether.h>

#include "abi.h"

enum {
  /**
   * In units of `qp_flow_time`, about 100 ms: some hundred packets of a busy session, and too short for a person to
   * notice.
   */
  QP_FLOW_TTL = 95,
};

/** Converts ns to units of 2²⁰ ns, which wrap after 52 days. */
static inline __u32 qp_flow_time(__u64 ns)
{
  return (__u32)(ns >> 20);
}

/** A next hop: egress interface, and MACs of the frame. */
struct qp_next_hop {
  __u32 egress;
  __u8 destination[ETH_ALEN], source[ETH_ALEN];
} __attribute__((aligned(8)));

/** Element of `flows`, indexed by the destination session. */
struct qp_flow {
  /** Odd while the entry is being written. */
  __u32 version;
  /** The session that pays. `bucket` below is the one it draws from, so that both can be fetched at once. */
  __u32 from;
  /** The versions of state for which this entry holds: those of the paying session and of the destination session. */
  __u32 from_version, to_version;
  /** The entry holds for packets to this address. */
  struct qp_ip local;
  /** In units of `qp_flow_time`. */
  __u32 expires_at;
  __u32 bucket;
  __u32 ingress;
  __u16 mtu;
  __u8 dscp;
  /** By a redirect through `redirect_targets`; otherwise by the interface that the packet arrived on (XDP_TX). */
  __u8 is_redirected;
  struct qp_next_hop next_hop;
};

_Static_assert(sizeof(struct qp_flow) == 64, "it is one cache line");

#endif
