/* Constants and types that the benchmark's XDP programs share with user space. */
#ifndef QP_BENCH_REFILL_H
#define QP_BENCH_REFILL_H

#include <linux/types.h>

enum {
  QP_RELAY_PORT = 4433,
  /* Packets before the order repeats. In random order, the 100 000 connection IDs occur at different rates. */
  QP_REFILLS = 1 << 18,
  /* Ethernet, IPv4 and UDP. */
  QP_HEADER_BYTES = 42,
  QP_IPS_AT = 26,
  QP_SOURCE_PORT_AT = 34,
  QP_CHECKSUM_AT = 40,
  /* After the first byte of the short header. */
  QP_CID_AT = 43,
  QP_CID_LENGTH = 12,
};

/* The fields that differ between packets. */
struct qp_refill {
  __u8 cid[QP_CID_LENGTH];
  __u16 source_port;
  __u16 checksum;
};

#endif
