/*
 * Classifies received datagrams and joins those to the same session. Looks up a window of datagrams at a time, so that
 * the memory for one is fetched while another is processed.
 */
#ifndef QP_SORTER_H
#define QP_SORTER_H

#include "../io/inbox.h"
#include "../tables.h"
#include "demux.h"

enum { QP_WINDOW = 64 };

struct qp_datagram {
  uint8_t *data;
  uint32_t length;
  struct qp_received *from;
  struct qp_header header;
  /** Whether the datagram has the DCID of the one before it in the window. */
  bool follows;
  uint64_t hash;
  struct qp_sorted sorted;
};

/** Adjacent datagrams of one message to the same session; or a single datagram. */
struct qp_burst {
  uint8_t *data;
  /** All datagrams have `segment_bytes` except the last, which may be shorter. */
  uint32_t bytes, segment_bytes, count;
  struct qp_received *from;
  struct qp_sorted sorted;
};

struct qp_sorter {
  const struct qp_tables *tables;
  int64_t now_ms;
  /** The next message, the end of the messages, and the bytes taken from the next one. */
  struct qp_received *received, *end;
  uint32_t at;
  unsigned filled, next;
  struct qp_datagram window[QP_WINDOW];
};

void qp_sorter_begin(struct qp_sorter *sorter, const struct qp_tables *tables, struct qp_received *received,
                     unsigned messages, int64_t now_ms);
/** Returns the next burst in order of arrival; false at the end. */
bool qp_sorter_next(struct qp_sorter *sorter, struct qp_burst *burst);

#endif
