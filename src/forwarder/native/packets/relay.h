/*
 * The work of one thread on a batch: demultiplexing, policy and destination. Touches no socket: received datagrams in,
 * outboxes full of messages out.
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
  /** For the public socket, and for the socket towards the gateway. */
  struct qp_outbox public_outbox, upstream_outbox;
};

/** Forwards datagrams received on the public socket. */
void qp_relay_public(struct qp_relay *relay, struct qp_received *received, unsigned count, struct qp_now now);
/** Forwards the gateway's datagrams to its clients. */
void qp_relay_upstream(struct qp_relay *relay, struct qp_received *received, unsigned count);

#endif
