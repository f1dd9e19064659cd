/*
 * Questions to the kernel over netlink: one request, and what it answers, message by message. Any thread; each question
 * has a socket of its own.
 */
#ifndef QP_NETLINK_H
#define QP_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

enum { QP_NETLINK_REQUEST_BYTES = 64 };

/** A message to the kernel, attributes and all. */
struct qp_netlink_request {
  union {
    struct nlmsghdr header;
    uint8_t bytes[QP_NETLINK_REQUEST_BYTES];
  };
};

/** Takes one message of the answer; 0, or an `errno` that ends the question. */
typedef int qp_netlink_taker(const struct nlmsghdr *message, void *context);

/** Begins a message with `body`, the header of its family's own. */
void qp_netlink_start(struct qp_netlink_request *request, uint16_t type, uint16_t flags, const void *body, size_t length);
/** Adds an attribute; there has to be room for it. */
void qp_netlink_add(struct qp_netlink_request *request, uint16_t type, const void *value, size_t length);

/** Asks, and hands over the whole answer; 0 or an `errno`. `protocol` is NETLINK_ROUTE or NETLINK_GENERIC. */
int qp_netlink_ask(int protocol, const struct qp_netlink_request *request, qp_netlink_taker *take, void *context);

/**
 * Sorts the attributes behind a message's own header of `header_bytes` by type, or those inside of a nested attribute.
 * `found` has `count` places; types from there on are left out.
 */
void qp_netlink_sort(const struct nlmsghdr *message, size_t header_bytes, const struct rtattr **found, size_t count);
void qp_netlink_sort_nested(const struct rtattr *nest, const struct rtattr **found, size_t count);

/** Copies a number of `bytes`; does nothing without the attribute, or if it is shorter. */
void qp_netlink_copy(const struct rtattr *attribute, void *number, size_t bytes);
/** Copies a text, cut off at the room; empty without the attribute. */
void qp_netlink_copy_text(const struct rtattr *attribute, char *text, size_t room);

#endif
