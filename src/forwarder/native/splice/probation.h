/*
 * Watches a gateway client until it has answered the gateway with anything but an Initial. Until then its address may
 * be forged. A client that arrives with a short header, and so continues a connection, is watched until the gateway has
 * validated its path. The same rules as src/forwarder/splice/probation.ts.
 */
#ifndef QP_PROBATION_H
#define QP_PROBATION_H

#include <stdbool.h>
#include <stdint.h>

enum {
  /** RFC 9000 section 17.2. */
  QP_MAX_CID_BYTES = 20,
};

/** How a client arrives at the gateway. */
enum qp_arrival {
  /** Not at all: the datagram belongs to no connection. */
  QP_ARRIVAL_NONE,
  /** It begins a connection. */
  QP_ARRIVAL_BEGINNING,
  /** It continues a connection that it had at another address. */
  QP_ARRIVAL_MOVING,
};

struct qp_probation {
  bool is_moving;
  bool has_gateway_id;
  /** The connection ID that the gateway has chosen. A client that sends to it has received it. */
  uint8_t gateway_id_bytes, gateway_id[QP_MAX_CID_BYTES];
  uint64_t bytes_in, bytes_out;
};

/**
 * Returns how the sender of a datagram of at least one byte may arrive at the gateway. A connection begins with a long
 * header of any version in at least 1200 bytes (RFC 9000 section 14.1), and continues elsewhere with a short header.
 */
enum qp_arrival qp_arrival_of(const uint8_t *data, uint32_t length);

/** `probation` must be zeroed. */
void qp_probation_begin(struct qp_probation *probation, enum qp_arrival arrival);
/** Takes a datagram from the client; true if its probation is over. */
bool qp_probation_sent(struct qp_probation *probation, const uint8_t *data, uint32_t length);
/** Takes a datagram from the gateway. */
void qp_probation_answered(struct qp_probation *probation, const uint8_t *data, uint32_t length);

#endif
