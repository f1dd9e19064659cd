/* A thread that forwards made-up batches, as an I/O thread forwards received ones. */
#ifndef READER_H
#define READER_H

#include "../harness/random.h"
#include "owners.h"

struct reader {
  struct qp_forwarder *rig;
  unsigned index;
  struct random random;
  const _Atomic bool *is_over;
  uint8_t buffer[QP_INBOX_MESSAGES][16 * DATAGRAM_BYTES];
  struct qp_received received[QP_INBOX_MESSAGES];
  /** Virtual address of one of its gateway clients, for the control thread to look up; 0 if it has none. */
  _Atomic uint32_t client;
  /** Number of datagrams given to the forwarder, and of those that left it. */
  uint64_t given, left;
  /** The same for datagrams to the anchor. */
  uint64_t anchor_given, anchor_left;
};

/** Forwards until `is_over`. The body of a thread. */
void *run_reader(void *reader);

#endif
