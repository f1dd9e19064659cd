/*
 * The totals of one I/O thread. Only that thread writes them. JavaScript reads them as a BigUint64Array, by the names
 * below, and sums over the threads.
 */
#ifndef QP_COUNTERS_H
#define QP_COUNTERS_H

#include <stdint.h>

#include "atomics.h"

/* clang-format off */
#define QP_COUNTER_NAMES(name)                                  \
  name(RELAYED_PACKETS, "relayed.packets")                      \
  name(RELAYED_BYTES, "relayed.bytes")                          \
  name(GATEWAY_IN, "gateway.packetsIn")                         \
  name(GATEWAY_OUT, "gateway.packetsOut")                       \
  name(OVERFLOWED, "overflowed")                                \
  name(STUN_MALFORMED, "stun.malformed")                        \
  name(STUN_OVERLOADED, "stun.overloaded")                      \
  name(STUN_OVER_SHARE, "stun.over-share")                      \
  name(STUN_RATE_LIMITED, "stun.rate-limited")                  \
  name(STUN_FLOODED, "stun.flooded")                            \
  name(EMPTY, "dropped.empty")                                  \
  name(SOURCE_UNREGISTERED, "dropped.source-unregistered")      \
  name(RATE_LIMITED, "dropped.rate-limited")                    \
  name(SOURCE_IS_DESTINATION, "dropped.source-is-destination")  \
  name(SESSION_EXPIRED, "dropped.session-expired")              \
  name(NO_ADDRESS, "dropped.no-address")                        \
  name(NO_ROUTE, "dropped.no-route")                            \
  name(SEND_FAILED, "dropped.send-failed")                      \
  name(SEND_BUFFER_FULL, "dropped.send-buffer-full")            \
  name(NO_UPSTREAM, "dropped.no-upstream")                      \
  name(GATEWAY_NO_OPENING, "dropped.gateway-no-opening")        \
  name(GATEWAY_FULL, "dropped.gateway-full")                    \
  name(GATEWAY_RATE, "dropped.gateway-rate")                    \
  name(GATEWAY_SHARE, "dropped.gateway-share")                  \
  name(GATEWAY_STRANGER_RATE, "dropped.gateway-stranger-rate")  \
  name(GATEWAY_SHARE_RATE, "dropped.gateway-share-rate")        \
  name(GATEWAY_SEND_FAILED, "dropped.gateway-send-failed")      \
  name(GATEWAY_TOO_LONG, "dropped.gateway-too-long")            \
  name(GATEWAY_STRAY, "dropped.gateway-stray")                  \
  name(STUN_UNANSWERED, "dropped.stun-unanswered")

enum qp_counter {
#define QP_ENUMERATE(constant, text) QP_##constant,
  QP_COUNTER_NAMES(QP_ENUMERATE)
#undef QP_ENUMERATE
  QP_COUNTER_COUNT,
  /** In place of the counter of a refusal, if there is none. */
  QP_ALLOWED = QP_COUNTER_COUNT,
};
/* clang-format on */

struct qp_counters {
  _Alignas(64) __u64 values[QP_COUNTER_COUNT];
};

static inline void qp_count(struct qp_counters *counters, enum qp_counter counter, uint64_t amount)
{
  /* The thread is the only writer, so no locked instruction is needed. */
  qp_store(&counters->values[counter], qp_load(&counters->values[counter]) + amount);
}

#endif
