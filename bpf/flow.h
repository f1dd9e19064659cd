/* What was found out for the last packet to a session: who pays for such packets, and which way they go. */
#ifndef QP_FLOW_H
#define QP_FLOW_H

#include <linux/if_ether.h>

#include "packet.h"

/** Where a packet goes, and how it leaves. */
struct qp_way {
  struct qp_ip ip;
  /** In network order. */
  __u16 port;
  __u8 destination[ETH_ALEN], source[ETH_ALEN];
  __u16 mtu;
  __u32 egress;
  /** By `exits`; else back out by the interface that it came in by (XDP_TX). */
  __u32 is_redirected;
} __attribute__((aligned(8)));

/** The element of `flows` for a session. */
struct qp_flow {
  /** Odd while it is being written. */
  __u32 version;
  /** The session that pays; `version` of its account, and of the account that it is for, by which this holds. */
  __u32 from, from_version, to_version;
  struct qp_sender sender;
  struct qp_entry entry;
  __u64 expires_at_ns;
  struct qp_way way;
  __u64 unused[2];
};

enum { QP_WAY_WORDS = sizeof(struct qp_way) / sizeof(__u64) };

_Static_assert(sizeof(struct qp_way) == QP_WAY_WORDS * sizeof(__u64), "it is copied by words");
_Static_assert(sizeof(struct qp_flow) == 128, "it is two cache lines");

#endif
