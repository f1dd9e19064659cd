/* The rate at which places may be opened. The same rules as src/forwarder/splice/opening-rate.ts. */
#ifndef QP_OPENING_RATE_H
#define QP_OPENING_RATE_H

#include "../tables/bucket.h"

/** Equals `gatewayStrangerDivisor` of src/defaults/index.ts. */
enum { QP_STRANGER_DIVISOR = 16 };

/** The rate of all clients, and the part of it that strangers may use. */
struct qp_opening_rate {
  struct qp_bucket all, strangers;
};

static inline void qp_opening_rate_init(struct qp_opening_rate *rate, double per_second, double burst)
{
  const double divisor = QP_STRANGER_DIVISOR;
  qp_bucket_init(&rate->all, per_second, burst);
  qp_bucket_init(&rate->strangers, per_second / divisor, burst > divisor ? burst / divisor : 1);
}

/** Takes one opening. A stranger beyond the strangers' part costs other clients nothing. */
static inline bool qp_opening_rate_take(struct qp_opening_rate *rate, bool is_stranger, uint64_t now_ns)
{
  return (!is_stranger || qp_bucket_take(&rate->strangers, 1, now_ns)) && qp_bucket_take(&rate->all, 1, now_ns);
}

#endif
