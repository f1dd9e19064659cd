/* The fields that the program reads from a packet before any look-up. */
#ifndef QP_PACKET_H
#define QP_PACKET_H

#include "abi.h"

enum {
  /** The other two bits are ECN (RFC 3168 section 5), which no route depends on. */
  QP_DSCP_BITS = 0xfc,
};

struct qp_packet {
  struct qp_udp_address source __attribute__((aligned(8)));
  struct qp_cid cid;
  /** The destination address. */
  struct qp_ip local __attribute__((aligned(8)));
  /** Index of the interface that the packet arrived on. */
  __u32 ingress;
  /** Length of the UDP payload. */
  __u32 bytes;
  /** Length of the IP packet. */
  __u16 length;
  /** The DSCP bits of the TOS byte; 0 for IPv6, whose routes ignore them. */
  __u8 dscp;
};

#endif
