/* One input of the receive fuzzer as it runs. */
#ifndef RUN_H
#define RUN_H

#include "batch.h"

struct run {
  struct world world;
  struct batch batch;
  struct input input;
  bool is_from_gateway;
  /** By socket, whether the kernel has said in this flush, and in an earlier one, that it cannot segment. */
  bool has_failed_to_segment[2], may_not_segment[2];
  /** The last datagram that left of each flow. */
  const struct datagram *last[SOURCES][CIDS + PINS + 1];
};

/** What the counters and the reports say of the last batch is what became of its datagrams. */
void check_counters(struct run *run);

#endif
