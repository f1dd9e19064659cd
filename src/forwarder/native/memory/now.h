#ifndef QP_NOW_H
#define QP_NOW_H

#include <stdint.h>

struct qp_now {
  /** Since the epoch; like the other it neither goes back nor jumps. */
  int64_t ms;
  /** Of the monotonic clock. */
  uint64_t ns;
};

#endif
