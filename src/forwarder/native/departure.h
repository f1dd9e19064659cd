/* Turns the groups of an outbox into messages for the system. */
#ifndef QP_DEPARTURE_H
#define QP_DEPARTURE_H

#include "outbox.h"

/**
 * Writes the message that carries `count` datagrams of a group, from `packet` on, with what the way asks for as
 * ancillary data. Datagrams that lie one after the other in memory share a vector. Returns how many vectors it used.
 */
size_t qp_departure_write(const struct qp_outbox *outbox, const struct qp_group *group, uint32_t packet, uint32_t count,
                          struct msghdr *message, uint8_t *control, struct iovec *vectors);

#endif
