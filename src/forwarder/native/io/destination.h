/* Where datagrams are sent, from which address, and to whose account. */
#ifndef QP_DESTINATION_H
#define QP_DESTINATION_H

#include <stdint.h>

#include "../../../../bpf/abi.h"
#include "../memory/address.h"

/** Selects the counters for the fate of a datagram. */
enum qp_direction {
  QP_DIRECTION_RELAY,
  QP_DIRECTION_GATEWAY_IN,
  QP_DIRECTION_GATEWAY_OUT,
};

/** A destination with its send options. Datagrams of equal destinations are sent together. */
struct qp_destination {
  const struct qp_name *to;
  /** Account of the sender's session, null for none, and of the receiver's, null on the gateway's directions. */
  struct qp_account *payer, *account;
  /** The source address; zero lets the system choose. */
  struct qp_ip local;
  uint8_t ecn;
  enum qp_direction direction;
};

#endif
