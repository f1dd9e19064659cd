/* One batch of received messages, made from the fuzzer's bytes, and what is known of each datagram in it. */
#ifndef BATCH_H
#define BATCH_H

#include "world.h"

enum {
  /** More than the kernel puts into one message, so that the bounds of the outbox are reached. */
  MAX_SEGMENTS = 160,
  MAX_DATAGRAMS = QP_INBOX_MESSAGES * MAX_SEGMENTS,
};

struct datagram {
  const uint8_t *data;
  uint32_t length;
  /** The source it came from, or the client it is for. */
  int source;
  uint8_t ecn;
  struct verdict verdict;
  bool has_left;
};

struct batch {
  struct qp_received received[QP_INBOX_MESSAGES];
  int sources[QP_INBOX_MESSAGES];
  unsigned messages;
  struct datagram datagrams[MAX_DATAGRAMS];
  unsigned count;
};

/** Messages of clients and peers. */
void batch_from_public(struct batch *batch, struct world *world, struct input *input);
/** Messages of the gateway, some of them to nobody, and some that only look like it. */
void batch_from_upstream(struct batch *batch, struct world *world, struct input *input);
void batch_free(struct batch *batch);
/** The datagram that begins at `data`. */
struct datagram *batch_find(struct batch *batch, const uint8_t *data);

#endif
