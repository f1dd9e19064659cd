/*
 * The datagrams that one batch sends from one socket. Datagrams of equal destinations are joined, in order, into
 * messages that the kernel segments (UDP_SEGMENT): all are of one size, and only the last may be shorter.
 */
#ifndef QP_OUTBOX_H
#define QP_OUTBOX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../memory/counters.h"
#include "message.h"

enum {
  /** More than any batch of 16 messages of 64 datagrams holds. */
  QP_OUTBOX_RUNS = 2048,
  /** The most segments per message that every kernel with UDP_SEGMENT allows. */
  QP_GROUP_PACKETS = 64,
  /** Below the 65 507 bytes that one IPv4 datagram carries. */
  QP_GROUP_BYTES = 65000,
  /** Messages per system call. */
  QP_SEND_MESSAGES = 64,
  QP_SEND_CONTROL_BYTES = 96,
  QP_GROUP_INDEX_BITS = 10,
};

/** Adjacent datagrams, all of the group's `segment_bytes` except the last, which may be shorter. */
struct qp_run {
  uint8_t *data;
  uint32_t length;
  /** The next run of its group. */
  uint32_t next;
};

struct qp_group {
  struct qp_destination destination;
  /** First and last run, and the number of runs. */
  uint32_t first, last, runs;
  /** Datagrams, and their bytes in total. */
  uint32_t count, bytes;
  uint32_t segment_bytes;
  /** The last datagram is short, so none may follow. */
  bool is_closed;
};

/** Where a group may be, in a table that is cleared by incrementing `batch`. */
struct qp_group_index {
  uint32_t batch;
  uint32_t group;
};

struct qp_outbox {
  struct qp_counters *counters;
  /** Cleared for good once the kernel has refused to segment. */
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

/** Returns how many datagrams `length` bytes make up, all of `segment_bytes` except the last, which may be shorter. */
static inline uint32_t qp_datagrams_of(uint32_t length, uint32_t segment_bytes)
{
  return length > segment_bytes ? (length + segment_bytes - 1) / segment_bytes : 1;
}

/** `outbox` must be zeroed. */
void qp_outbox_init(struct qp_outbox *outbox, struct qp_counters *counters, bool may_segment);

/**
 * Adds adjacent datagrams, `length` bytes in total, all of `segment_bytes` except the last, which may be shorter. The
 * data must stay in place until the flush. Datagrams without room are counted as dropped.
 */
void qp_outbox_add(struct qp_outbox *outbox, const struct qp_destination *destination, uint8_t *data, uint32_t length,
                   uint32_t segment_bytes);

/**
 * Sends all datagrams, counts the results, and empties the outbox. Never blocks: datagrams that the system has no room
 * for are dropped.
 */
void qp_outbox_flush(struct qp_outbox *outbox, int socket);

#endif
