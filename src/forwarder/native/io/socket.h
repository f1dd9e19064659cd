/* Opens the UDP sockets of the native forwarder. Control thread. */
#ifndef QP_SOCKET_H
#define QP_SOCKET_H

#include <stdbool.h>

#include "../memory/address.h"

struct qp_socket_options {
  int buffer_bytes;
};

/** Which call failed, where a function says that it did. */
struct qp_failure {
  const char *call;
  int error;
};

/**
 * Opens a public socket of `family` and binds it to `address`; `::` takes IPv4 as well. With `is_shared`, other
 * sockets that are may bind the same address, and the kernel spreads the flows over them. The socket, or −1.
 */
int qp_open_public_socket(const struct qp_address *address, int family, bool is_shared,
                          const struct qp_socket_options *options, struct qp_failure *failure);
/** Lets further sockets share the port of one that was bound alone, so that nobody else held it; false on failure. */
bool qp_share_port(int socket, struct qp_failure *failure);

/** Opens the socket towards the gateway, on all of 127.0.0.0/8. The socket, or −1. */
int qp_open_upstream_socket(const struct qp_socket_options *options, struct qp_failure *failure);

/** Where a socket is bound. */
bool qp_bound_address(int socket, struct qp_address *address, struct qp_failure *failure);
/** Whether the kernel cuts one message up into datagrams (UDP_SEGMENT). */
bool qp_can_segment(int socket);
/** Takes the errors that came back by ICMP; how many datagrams they are about. */
unsigned qp_take_errors(int socket);

#endif
