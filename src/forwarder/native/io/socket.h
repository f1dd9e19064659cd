/* Opens the UDP sockets of the native forwarder. Control thread. */
#ifndef QP_SOCKET_H
#define QP_SOCKET_H

#include <stdbool.h>

#include "../memory/address.h"

struct qp_socket_options {
  int buffer_bytes;
};

/** The system call that failed, and its error. */
struct qp_failure {
  const char *call;
  int error;
};

/**
 * Opens a public socket of `family` and binds it to `address`; `::` also receives IPv4. With `is_shared`, other shared
 * sockets may bind the same address, and the kernel distributes the flows among them. Returns the socket, or −1.
 */
int qp_open_public_socket(const struct qp_address *address, int family, bool is_shared,
                          const struct qp_socket_options *options, struct qp_failure *failure);
/**
 * Lets further sockets share the port of a socket that was bound exclusively, and so excluded other owners; false on
 * failure.
 */
bool qp_share_port(int socket, struct qp_failure *failure);

/** Opens the socket towards the gateway, on all of 127.0.0.0/8. Returns the socket, or −1. */
int qp_open_upstream_socket(const struct qp_socket_options *options, struct qp_failure *failure);

/** Reads a socket's bound address; false on failure. */
bool qp_bound_address(int socket, struct qp_address *address, struct qp_failure *failure);
/** Reports whether the kernel can segment a message into datagrams (UDP_SEGMENT). */
bool qp_can_segment(int socket);
/** Drains the errors returned by ICMP. Returns the number of datagrams that they concern. */
unsigned qp_take_errors(int socket);

#endif
