/*
 * A batch of messages received on one socket: up to 16, each of which the kernel may have joined from up to 64
 * datagrams of one flow (UDP_GRO). One inbox serves all sockets of a thread in turn.
 */
#ifndef QP_INBOX_H
#define QP_INBOX_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../memory/address.h"

struct qp_session_state;
struct qp_client;
struct qp_endpoint;

enum {
  QP_INBOX_MESSAGES = 16,
  QP_INBOX_MESSAGE_BYTES = 65536,
  QP_INBOX_CONTROL_BYTES = 192,
};

/** Datagrams of one flow, all of `segment_bytes` except the last, which may be shorter. */
struct qp_received {
  uint8_t *data;
  uint32_t length;
  uint32_t segment_bytes;
  struct qp_address source;
  /** The destination address, one of this host's; zero if the socket is bound to a single address. */
  struct qp_ip local;
  /** The two ECN bits (RFC 3168 section 5). */
  uint8_t ecn;
  /** Filled in on demand, once for all datagrams of the message. */
  bool is_looked_up;
  const struct qp_endpoint *endpoint;
  /** The state of the session that pays for packets from `source`; null for none. */
  struct qp_session_state *payer;
  struct qp_client *client;
};

struct qp_inbox {
  struct qp_received received[QP_INBOX_MESSAGES];
  struct mmsghdr messages[QP_INBOX_MESSAGES];
  struct iovec vectors[QP_INBOX_MESSAGES];
  struct sockaddr_in6 names[QP_INBOX_MESSAGES];
  _Alignas(struct cmsghdr) uint8_t control[QP_INBOX_MESSAGES][QP_INBOX_CONTROL_BYTES];
  uint8_t *buffers;
};

/** `inbox` must be zeroed. Returns false if out of memory. */
bool qp_inbox_init(struct qp_inbox *inbox);
void qp_inbox_destroy(struct qp_inbox *inbox);

/**
 * Receives the messages that are waiting, without blocking. Returns their number, or −1 with `errno`. Sets `overflows`
 * to the kernel's count of datagrams dropped for lack of socket buffer (SO_RXQ_OVFL), if a message carried it.
 */
int qp_inbox_receive(struct qp_inbox *inbox, int socket, uint32_t *overflows);

#endif
