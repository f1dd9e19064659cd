/* An outbox with a kernel that records what it is given: the number of datagrams in each message, and their order. */
#ifndef SENT_H
#define SENT_H

#include "../../../src/forwarder/native/io/outbox.h"
#include "kernel.h"

enum { MAX_SENT = 4096, MAX_ANSWERS = 8, SENT_BYTES = 1 << 20 };

struct sent {
  struct qp_outbox *outbox;
  struct qp_counters counters;
  struct qp_session_state receiver, payer;
  struct qp_name names[2];
  uint8_t *bytes;
  size_t used;
  struct kernel kernel;
  /** The kernel's answers to the first messages; 0 to all others. */
  int answers[MAX_ANSWERS];
  unsigned asked;
  struct sent_datagram datagrams[MAX_SENT];
  unsigned count;
};

/** Starts over with a kernel for this thread. Ended by `sent_end`. */
void sent_begin(struct sent *sent, bool may_segment);
void sent_end(struct sent *sent);

/** Returns the destination of one of two addresses, IPv4 and IPv6. */
struct qp_destination sent_destination(struct sent *sent, unsigned to);
/** Adds a datagram that is not adjacent to the one before it. */
void sent_add(struct sent *sent, const struct qp_destination *destination, uint32_t length);
void sent_flush(struct sent *sent);
uint64_t sent_counter(const struct sent *sent, enum qp_counter counter);

/** Reports whether exactly `count` messages left, with these numbers of datagrams. */
bool sent_messages(const struct sent *sent, const unsigned *segments, unsigned count);

#endif
