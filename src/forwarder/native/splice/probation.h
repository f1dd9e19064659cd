/*
 * Watches a gateway client until it has answered the gateway with anything but an Initial: until then it may be anybody,
 * at an address that is not its own. One that comes with a short header, so goes on with a connection, is watched until the
 * gateway has validated its path. The same rules as src/forwarder/splice/probation.ts.
 */
#ifndef QP_PROBATION_H
#define QP_PROBATION_H

#include <stdbool.h>
#include <stdint.h>

enum {
  /** RFC 9000 section 17.2. */
  QP_MAX_CID_BYTES = 20,
};

/** How a client comes to the gateway. */
enum qp_arrival {
  /** It may not: what it sent belongs to no connection. */
  QP_ARRIVAL_NONE,
  /** With a connection that it begins. */
  QP_ARRIVAL_BEGINNING,
  /** With one that it has had at another address. */
  QP_ARRIVAL_MOVING,
};

struct qp_probation {
  bool is_moving;
  bool has_gateway_id;
  /** The connection ID that the gateway has chosen: who sends to it has received it. */
  uint8_t gateway_id_bytes, gateway_id[QP_MAX_CID_BYTES];
  uint64_t bytes_in, bytes_out;
};

/**
 * Tells how the sender of a datagram of at least one byte may come to the gateway: a connection begins with a long header
 * of any version in at least 1200 bytes (RFC 9000 section 14.1), and goes on from elsewhere with a short header.
 */
enum qp_arrival qp_arrival_of(const uint8_t *data, uint32_t length);

/** `probation` is zeroed. */
void qp_probation_begin(struct qp_probation *probation, enum qp_arrival arrival);
/** The client sent this: tells whether its probation is over. */
bool qp_probation_sent(struct qp_probation *probation, const uint8_t *data, uint32_t length);
/** The gateway answered this. */
void qp_probation_answered(struct qp_probation *probation, const uint8_t *data, uint32_t length);

#endif
