/* What the XDP programs of the benchmark and user space share. */
#ifndef QP_BENCH_REFILL_H
#define QP_BENCH_REFILL_H

#include <linux/types.h>

enum {
  QP_RELAY_PORT = 4433,
  /* Packets until the order begins anew; in random order, the 100 000 connection IDs come up at different rates. */
  QP_REFILLS = 1 << 18,
  /* Ethernet, IPv4 and UDP. */
  QP_HEADER_BYTES = 42,
  QP_IPS_AT = 26,
  QP_SOURCE_PORT_AT = 34,
  QP_CHECKSUM_AT = 40,
  /* The first byte of a short header comes before it. */
  QP_CID_AT = 43,
  QP_CID_LENGTH = 12,
};

/* What one packet has that others have not. */
struct qp_refill {
  __u8 cid[QP_CID_LENGTH];
  __u16 source_port;
  __u16 checksum;
};

#endif
