/* A thread that forwards, on made-up batches, as an I/O thread does on received ones. */
#ifndef READER_H
#define READER_H

#include "../harness/random.h"
#include "town.h"

struct reader {
  struct qp_forwarder *rig;
  unsigned index;
  struct random random;
  const _Atomic bool *is_over;
  uint8_t buffer[QP_INBOX_MESSAGES][16 * DATAGRAM_BYTES];
  struct qp_received received[QP_INBOX_MESSAGES];
  /** The virtual address of one of its gateway clients, for the control thread to look up; 0: it has none. */
  _Atomic uint32_t client;
  /** Datagrams given to the forwarder, and those that left it. */
  uint64_t given, left;
  /** Of those to the anchor. */
  uint64_t anchor_given, anchor_left;
};

/** Forwards until it is over; the body of a thread. */
void *run_reader(void *reader);

#endif
