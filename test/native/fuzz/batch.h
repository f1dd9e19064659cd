/* One batch of received messages, made from the fuzzer's bytes, with the expected fate of each datagram. */
#ifndef BATCH_H
#define BATCH_H

#include "world.h"

enum {
  /** More than the kernel joins into one message, so that the limits of the outbox are reached. */
  MAX_SEGMENTS = 160,
  MAX_DATAGRAMS = QP_INBOX_MESSAGES * MAX_SEGMENTS,
};

struct datagram {
  const uint8_t *data;
  uint32_t length;
  /** The source that it came from, or the client that it is for. */
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

/** Makes messages of clients and peers. */
void batch_from_public(struct batch *batch, struct world *world, struct input *input);
/** Makes messages of the gateway. Some are for no client, and some only look like the gateway's. */
void batch_from_upstream(struct batch *batch, struct world *world, struct input *input);
void batch_free(struct batch *batch);
/** Returns the datagram that begins at `data`. */
struct datagram *batch_find(struct batch *batch, const uint8_t *data);

#endif
