/* What the program reads of a packet before it looks anything up. */
#ifndef QP_PACKET_H
#define QP_PACKET_H

#include "abi.h"

enum {
  /** RFC 3168 section 5: the other bits of that byte are for congestion, by which no route goes. */
  QP_DSCP_BITS = 0xfc,
};

/** Whom a packet comes from, in words that can be compared. */
struct qp_sender {
  struct qp_source source;
  __u32 zero;
} __attribute__((aligned(8)));

/** Where a packet comes in, in words that can be compared. */
struct qp_entry {
  /** The address of this host. */
  struct qp_ip local;
  /** The interface. */
  __u32 ingress;
  /** Of IPv4; routes of IPv6 go without it. */
  __u32 dscp;
} __attribute__((aligned(8)));

struct qp_packet {
  struct qp_sender sender;
  struct qp_entry entry;
  struct qp_cid cid;
  /** Of the UDP payload. */
  __u32 bytes;
  /** Of the IP packet. */
  __u32 length;
};

_Static_assert(sizeof(struct qp_sender) == 3 * sizeof(__u64), "it has no gaps");
_Static_assert(sizeof(struct qp_entry) == 3 * sizeof(__u64), "it has no gaps");

#endif
