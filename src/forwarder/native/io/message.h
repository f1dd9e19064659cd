/* Builds the messages that an outbox passes to the system. */
#ifndef QP_MESSAGE_H
#define QP_MESSAGE_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "destination.h"

/**
 * Writes the message to `destination`, with its options as ancillary data. The kernel cuts it into datagrams of
 * `segment_bytes`; 0 for a single datagram.
 */
void qp_message_write(const struct qp_destination *destination, uint16_t segment_bytes, struct iovec *vectors,
                      size_t vector_count, struct msghdr *message, uint8_t *control);

#endif
