/*
 * The totals of one I/O thread. Only that thread writes them; JavaScript reads them as a BigUint64Array, by the
 * names below, and adds up the threads.
 */
#ifndef QP_COUNTERS_H
#define QP_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#define QP_COUNTER_NAMES(name)                                  \
  name(RELAYED_PACKETS, "relayed.packets")                      \
  name(RELAYED_BYTES, "relayed.bytes")                          \
  name(GATEWAY_IN, "gateway.packetsIn")                         \
  name(GATEWAY_OUT, "gateway.packetsOut")                       \
  name(OVERFLOWED, "overflowed")                                \
  name(STUN_OVERLOADED, "stun.overloaded")                      \
  name(EMPTY, "dropped.empty")                                  \
  name(SOURCE_UNREGISTERED, "dropped.source-unregistered")      \
  name(RATE_LIMITED, "dropped.rate-limited")                    \
  name(SOURCE_IS_DESTINATION, "dropped.source-is-destination")  \
  name(SESSION_EXPIRED, "dropped.session-expired")              \
  name(NO_ADDRESS, "dropped.no-address")                        \
  name(NO_DESTINATION, "dropped.no-destination")                \
  name(PIN_SOURCE, "dropped.pin-source")                        \
  name(SEND_FAILED, "dropped.send-failed")                      \
  name(SEND_BUFFER_FULL, "dropped.send-buffer-full")            \
  name(NO_UPSTREAM, "dropped.no-upstream")                      \
  name(GATEWAY_FULL, "dropped.gateway-full")                    \
  name(GATEWAY_RATE, "dropped.gateway-rate")                    \
  name(GATEWAY_SEND_FAILED, "dropped.gateway-send-failed")      \
  name(GATEWAY_STRAY, "dropped.gateway-stray")                  \
  name(STUN_UNANSWERED, "dropped.stun-unanswered")

enum qp_counter {
#define QP_ENUMERATE(constant, text) QP_##constant,
  QP_COUNTER_NAMES(QP_ENUMERATE)
#undef QP_ENUMERATE
  QP_COUNTER_COUNT,
};

/** The counters of one session; any thread may write them. */
enum qp_session_counter {
  QP_PACKETS_FROM,
  QP_BYTES_FROM,
  QP_PACKETS_TO,
  QP_BYTES_TO,
  QP_PACKETS_LIMITED,
  /** Words for each session: one cache line. */
  QP_SESSION_COUNTER_STRIDE = 8,
};

static inline void qp_session_count(_Atomic uint64_t *counters, enum qp_session_counter counter, uint64_t amount)
{
  atomic_fetch_add_explicit(&counters[counter], amount, memory_order_relaxed);
}

struct qp_counters {
  _Alignas(64) _Atomic uint64_t values[QP_COUNTER_COUNT];
};

static inline void qp_count(struct qp_counters *counters, enum qp_counter counter, uint64_t amount)
{
  /* The thread is the only writer, so this needs no locked instruction. */
  uint64_t value = atomic_load_explicit(&counters->values[counter], memory_order_relaxed);
  atomic_store_explicit(&counters->values[counter], value + amount, memory_order_relaxed);
}

#endif
