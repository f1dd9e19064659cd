/*
 * What one thread does with what it received: demux, policy, and where it goes. Touches no
 * socket: received datagrams in, outboxes full of messages out.
 */
#ifndef QP_RELAY_H
#define QP_RELAY_H

#include "../io/inbox.h"
#include "../io/outbox.h"
#include "../memory/counters.h"
#include "../tables.h"

struct qp_relay {
  struct qp_tables *tables;
  struct qp_splice splice;
  struct qp_counters counters;
  /** For the public socket, and for the one towards the gateway. */
  struct qp_outbox public_outbox, upstream_outbox;
};

/** Forwards what came in on the public socket. */
void qp_relay_public(struct qp_relay *relay, struct qp_received *received, unsigned count, struct qp_now now);
/** Passes what the gateway sent on to its clients. */
void qp_relay_upstream(struct qp_relay *relay, struct qp_received *received, unsigned count);

#endif
