/* The monotonic clock. To ask it for each packet would take as long as a look-up in a table. */
#ifndef QP_CLOCK_H
#define QP_CLOCK_H

#include "maps.h"

/** The time in ns when this processor first asked for it after the last tick of the kernel, at most 1 to 10 ms ago. */
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
