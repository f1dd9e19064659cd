/* Where datagrams are sent, from which address, and to whose account. */
#ifndef QP_WAY_H
#define QP_WAY_H

#include <stdint.h>

#include "../../../../bpf/abi.h"
#include "../memory/address.h"

/** Selects the counters for the fate of a datagram. */
enum qp_lane {
  QP_LANE_RELAY,
  QP_LANE_GATEWAY_IN,
  QP_LANE_GATEWAY_OUT,
};

/** A destination with its send options. Datagrams of equal ways are sent together. */
struct qp_way {
  const struct qp_name *to;
  /** Account of the sender's session, null for none, and of the receiver's, null on the gateway's lanes. */
  struct qp_account *payer, *account;
  /** The source address; zero lets the system choose. */
  struct qp_ip local;
  uint8_t ecn;
  enum qp_lane lane;
};

#endif
