/* How fast places may be opened. The same rules as src/forwarder/splice/opening-rate.ts. */
#ifndef QP_OPENING_RATE_H
#define QP_OPENING_RATE_H

#include "../tables/bucket.h"

/** As `gatewayStrangerDivisor` of src/defaults/index.ts. */
enum { QP_STRANGER_DIVISOR = 16 };

/** That of all, and the part of it that strangers may have. */
struct qp_opening_rate {
  struct qp_bucket all, strangers;
};

static inline void qp_opening_rate_init(struct qp_opening_rate *rate, double per_second, double burst)
{
  const double divisor = QP_STRANGER_DIVISOR;
  qp_bucket_init(&rate->all, per_second, burst);
  qp_bucket_init(&rate->strangers, per_second / divisor, burst > divisor ? burst / divisor : 1);
}

/** Takes one; what a stranger may not have costs nobody else anything. */
static inline bool qp_opening_rate_take(struct qp_opening_rate *rate, bool is_stranger, uint64_t now_ns)
{
  return (!is_stranger || qp_bucket_take(&rate->strangers, 1, now_ns)) && qp_bucket_take(&rate->all, 1, now_ns);
}

#endif
