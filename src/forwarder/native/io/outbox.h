/*
 * What one batch sends out of one socket. Datagrams that go the same way are put together, in order, into messages
 * that the kernel cuts up again (UDP_SEGMENT): all of one size, only the last may be shorter.
 */
#ifndef QP_OUTBOX_H
#define QP_OUTBOX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../memory/counters.h"
#include "way.h"

enum {
  /** More than any batch brings: 16 messages of 64 datagrams. */
  QP_OUTBOX_RUNS = 2048,
  /** What the kernel cuts from one message at most, in any version with UDP_SEGMENT. */
  QP_GROUP_PACKETS = 64,
  /** Under the 65 507 that one IPv4 datagram carries. */
  QP_GROUP_BYTES = 65000,
  /** Messages handed to the system at once. */
  QP_SEND_MESSAGES = 64,
  QP_SEND_CONTROL_BYTES = 96,
  QP_GROUP_INDEX_BITS = 10,
};

/** Datagrams that lie one after the other: all have the group's `segment_bytes`, but the last may be shorter. */
struct qp_run {
  uint8_t *data;
  uint32_t length;
  /** The next one of its group. */
  uint32_t next;
};

struct qp_group {
  struct qp_way way;
  /** Its runs, and how many there are. */
  uint32_t first, last, runs;
  /** Datagrams, and bytes in all. */
  uint32_t count, bytes;
  uint32_t segment_bytes;
  /** The last one is short, so nothing may follow. */
  bool is_closed;
};

/** Where a group may be, in a table that is emptied by counting up `batch`. */
struct qp_group_index {
  uint32_t batch;
  uint32_t group;
};

struct qp_outbox {
  struct qp_counters *counters;
  /** Off for good once the kernel has refused to segment. */
  bool may_segment;
  uint32_t batch;
  uint32_t run_count, group_count;
  struct qp_run runs[QP_OUTBOX_RUNS];
  struct qp_group groups[QP_OUTBOX_RUNS];
  struct qp_group_index index[1 << QP_GROUP_INDEX_BITS];
  struct mmsghdr messages[QP_SEND_MESSAGES];
  _Alignas(struct cmsghdr) uint8_t control[QP_SEND_MESSAGES][QP_SEND_CONTROL_BYTES];
  struct iovec vectors[QP_OUTBOX_RUNS];
};

/** How many datagrams `length` bytes are, if all have `segment_bytes` but the last, which may be shorter. */
static inline uint32_t qp_datagrams_of(uint32_t length, uint32_t segment_bytes)
{
  return length > segment_bytes ? (length + segment_bytes - 1) / segment_bytes : 1;
}

/** `outbox` is zeroed. */
void qp_outbox_init(struct qp_outbox *outbox, struct qp_counters *counters, bool may_segment);

/**
 * Adds datagrams that lie one after the other, `length` bytes in all, each of `segment_bytes` but the last, which may be
 * shorter. They stay where they are until the flush. Counts them as dropped if there is no room.
 */
void qp_outbox_add(struct qp_outbox *outbox, const struct qp_way *way, uint8_t *data, uint32_t length,
                   uint32_t segment_bytes);

/** Sends everything, counts what became of it, and empties the outbox. Never waits: what the system has no room for is dropped. */
void qp_outbox_flush(struct qp_outbox *outbox, int socket);

/** Forgets everything. */
void qp_outbox_clear(struct qp_outbox *outbox);

#endif
