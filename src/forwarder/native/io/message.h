/* Where datagrams are sent, from which address and who pays; and the messages to the system that send them. */
#ifndef QP_MESSAGE_H
#define QP_MESSAGE_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

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
  /** State of the sender's session, null for none, and of the receiver's, null on the gateway's directions. */
  struct qp_session_state *payer, *receiver;
  /** The source address; zero lets the system choose. */
  struct qp_ip local;
  uint8_t ecn;
  enum qp_direction direction;
};

/**
 * Writes the message to `destination`, with its options as ancillary data. The kernel cuts it into datagrams of
 * `segment_bytes`; 0 for a single datagram.
 */
void qp_message_write(const struct qp_destination *destination, uint16_t segment_bytes, struct iovec *vectors,
                      size_t vector_count, struct msghdr *message, uint8_t *control);

#endif
