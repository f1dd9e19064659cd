/* What was found out for the last packet to a session: who pays for such packets, and which way they go. */
#ifndef QP_FLOW_H
#define QP_FLOW_H

#include <linux/if_ether.h>

#include "abi.h"

/** How a packet leaves. */
struct qp_way {
  __u32 egress;
  __u8 destination[ETH_ALEN], source[ETH_ALEN];
} __attribute__((aligned(8)));

/** The element of `flows` for a session. */
struct qp_flow {
  /** Odd while it is being written. */
  __u32 version;
  /** The session that pays. */
  __u32 from;
  /** `version` of the accounts by which this holds: of the one that pays, and of the one that it is for. */
  __u32 from_version, to_version;
  /** What came in there goes this way. */
  struct qp_ip local;
  __u64 expires_at_ns;
  __u32 ingress;
  __u16 mtu;
  __u8 dscp;
  /** By `exits`; else back out by the interface that it came in by (XDP_TX). */
  __u8 is_redirected;
  struct qp_way way;
};

_Static_assert(sizeof(struct qp_flow) == 64, "it is one cache line");

#endif
