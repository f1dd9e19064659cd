/* What was found out for the last packet to a session: who pays for such packets, and which way they go. */
#ifndef QP_FLOW_H
#define QP_FLOW_H

#include <linux/if_ether.h>

#include "abi.h"

enum {
  /** By `qp_flow_time`, some 100 ms: some hundred packets of a busy session, and less than a person notices. */
  QP_FLOW_TTL = 95,
};

/** A time in units of 2²⁰ ns, which come round after 52 days. */
static inline __u32 qp_flow_time(__u64 ns)
{
  return (__u32)(ns >> 20);
}

/** How a packet leaves. */
struct qp_way {
  __u32 egress;
  __u8 destination[ETH_ALEN], source[ETH_ALEN];
} __attribute__((aligned(8)));

/** The element of `flows` for a session. */
struct qp_flow {
  /** Odd while it is being written. */
  __u32 version;
  /** The session that pays, and below the bucket that it pays from: so both are fetched at once. */
  __u32 from;
  /** `version` of the accounts by which this holds: of the one that pays, and of the one that it is for. */
  __u32 from_version, to_version;
  /** What came in there goes this way. */
  struct qp_ip local;
  /** By `qp_flow_time`. */
  __u32 expires_at;
  __u32 bucket;
  __u32 ingress;
  __u16 mtu;
  __u8 dscp;
  /** By `exits`; else back out by the interface that it came in by (XDP_TX). */
  __u8 is_redirected;
  struct qp_way way;
};

_Static_assert(sizeof(struct qp_flow) == 64, "it is one cache line");

#endif
