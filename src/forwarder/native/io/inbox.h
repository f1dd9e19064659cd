/*
 * A batch of what one socket received: up to 16 messages at a time, each of which the kernel may have put together
 * from up to 64 datagrams of one flow (UDP_GRO). One inbox serves all sockets of a thread, one after the other.
 */
#ifndef QP_INBOX_H
#define QP_INBOX_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../memory/address.h"

struct qp_account;
struct qp_client;
struct qp_endpoint;

enum {
  QP_INBOX_MESSAGES = 16,
  QP_INBOX_MESSAGE_BYTES = 65536,
  QP_INBOX_CONTROL_BYTES = 192,
};

/** Datagrams of one flow: all but the last have `segment_bytes`. */
struct qp_received {
  uint8_t *data;
  uint32_t length;
  uint32_t segment_bytes;
  struct qp_address source;
  /** The address of this host that it was sent to; zero where the socket has only one. */
  struct qp_ip local;
  /** The two ECN bits (RFC 3168 section 5). */
  uint8_t ecn;
  /** Filled in by whoever needs them, once for all datagrams of the message. */
  bool is_looked_up;
  const struct qp_endpoint *endpoint;
  /** Of the session that pays for what comes from there; null for none. */
  struct qp_account *payer;
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

/** `inbox` is zeroed; false if there is no memory. */
bool qp_inbox_init(struct qp_inbox *inbox);
void qp_inbox_destroy(struct qp_inbox *inbox);

/**
 * Receives what is there without waiting: how many messages, or −1 with `errno`. `overflows` is set to the kernel's
 * count of datagrams that the socket had no room for (SO_RXQ_OVFL), if it came along.
 */
int qp_inbox_receive(struct qp_inbox *inbox, int socket, uint32_t *overflows);

#endif
