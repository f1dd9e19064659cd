/*
 * Requests to the kernel over netlink: one request, and its answer message by message. Any thread; each request has its
 * own socket.
 */
#ifndef QP_NETLINK_H
#define QP_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

enum { QP_NETLINK_REQUEST_BYTES = 64 };

/** A message to the kernel, including its attributes. */
struct qp_netlink_request {
  union {
    struct nlmsghdr header;
    uint8_t bytes[QP_NETLINK_REQUEST_BYTES];
  };
};

/** Takes one message of the answer. Returns 0, or an `errno` that ends the request. */
typedef int qp_netlink_taker(const struct nlmsghdr *message, void *context);

/** Begins a message with `body`, the header specific to its family. */
void qp_netlink_start(struct qp_netlink_request *request, uint16_t type, uint16_t flags, const void *body,
                      size_t length);
/** Adds an attribute, for which there must be room. */
void qp_netlink_add(struct qp_netlink_request *request, uint16_t type, const void *value, size_t length);

/**
 * Sends the request and hands over the whole answer. `protocol` is NETLINK_ROUTE or NETLINK_GENERIC. Returns 0 or an
 * `errno`.
 */
int qp_netlink_ask(int protocol, const struct qp_netlink_request *request, qp_netlink_taker *take, void *context);

/**
 * Sorts the attributes after a message's own header of `header_bytes`, or those in a nested attribute, by type into
 * `found`, which has `count` elements. Types from `count` on are ignored.
 */
void qp_netlink_sort(const struct nlmsghdr *message, size_t header_bytes, const struct rtattr **found, size_t count);
void qp_netlink_sort_nested(const struct rtattr *nest, const struct rtattr **found, size_t count);

/** Copies a number of `bytes`. Does nothing if there is no attribute or it is shorter. */
void qp_netlink_copy(const struct rtattr *attribute, void *number, size_t bytes);
/** Copies text, truncated to `room` with its terminator; empty if there is no attribute. */
void qp_netlink_copy_text(const struct rtattr *attribute, char *text, size_t room);

#endif
