#ifndef QP_NOW_H
#define QP_NOW_H

#include <stdint.h>

struct qp_now {
  /** Milliseconds since the epoch. Like `ns`, it neither goes back nor jumps. */
  int64_t ms;
  /** Nanoseconds of the monotonic clock. */
  uint64_t ns;
};

#endif
