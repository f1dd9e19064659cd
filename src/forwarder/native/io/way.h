/* Where datagrams go, from where, and whose they are. */
#ifndef QP_WAY_H
#define QP_WAY_H

#include <stdint.h>

#include "../../../../bpf/abi.h"
#include "../memory/address.h"

/** Who counts what became of a datagram. */
enum qp_lane {
  QP_LANE_RELAY,
  QP_LANE_GATEWAY_IN,
  QP_LANE_GATEWAY_OUT,
};

/** A way out; datagrams with the same way are sent together. */
struct qp_way {
  const struct qp_name *to;
  /** Of the sender's session, null for none, and of the receiver's, null on the gateway's lanes. */
  struct qp_account *payer, *account;
  /** The address to send from; zero leaves it to the system. */
  struct qp_ip local;
  uint8_t ecn;
  enum qp_lane lane;
};

#endif
