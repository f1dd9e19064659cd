/* The state of the receive fuzzer for one input. */
#ifndef RUN_H
#define RUN_H

#include "batch.h"

struct run {
  struct world world;
  struct batch batch;
  struct input input;
  bool is_from_gateway;
  /** By socket: whether the kernel has refused to segment in this flush, and in an earlier one. */
  bool has_failed_to_segment[2], may_not_segment[2];
  /** Per flow, the last datagram that left. */
  const struct datagram *last[SOURCES][CIDS + INITIALS + 1];
};

/** Checks that counters and upcalls match the fate of the last batch's datagrams. */
void check_counters(struct run *run);

#endif
