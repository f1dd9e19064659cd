/* The monotonic clock. Reading it for every packet would take as long as a table look-up. */
#ifndef QP_CLOCK_H
#define QP_CLOCK_H

#include "maps.h"

/**
 * Returns the time in ns of this processor's first call after the kernel's last tick, which is at most 1 to 10 ms old.
 */
static __always_inline __u64 qp_recent_ns(struct qp_processor *processor)
{
  __u64 tick = bpf_jiffies64();
  if (processor->tick != tick) {
    processor->tick = tick;
    processor->tick_ns = bpf_ktime_get_ns();
  }
  return processor->tick_ns;
}

#endif
