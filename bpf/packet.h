/* What the program reads of a packet before it looks anything up. */
#ifndef QP_PACKET_H
#define QP_PACKET_H

#include "abi.h"

enum {
  /** RFC 3168 section 5: the other bits of that byte are for congestion, by which no route goes. */
  QP_DSCP_BITS = 0xfc,
};

struct qp_packet {
  struct qp_source source __attribute__((aligned(8)));
  struct qp_cid cid;
  /** The address of this host that it is for. */
  struct qp_ip local __attribute__((aligned(8)));
  /** The interface that it came in by. */
  __u32 ingress;
  /** Of the UDP payload. */
  __u32 bytes;
  /** Of the IP packet. */
  __u16 length;
  /** Of IPv4; routes of IPv6 go without it. */
  __u8 dscp;
};

#endif
