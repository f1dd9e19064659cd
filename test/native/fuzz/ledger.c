/* The receive fuzzer's bookkeeping: each datagram of a batch is in exactly one counter or in one upcall. */
#include "../harness/check.h"
#include "run.h"

static bool is_about(const struct qp_upcall *upcall, const struct datagram *datagram)
{
  return datagram->verdict.fate == FATE_STUN && upcall->length == datagram->length &&
         memcmp(upcall->data, datagram->data, upcall->length) == 0;
}

/** Takes the upcalls, which are STUN messages of the batch in order. Returns their number. */
static uint64_t take_upcalls(struct run *run)
{
  uint64_t count = 0;
  const struct datagram *datagram = run->batch.datagrams, *end = datagram + run->batch.count;
  for (struct qp_upcall *upcall = qp_upcalls_take(&run->world.rig->tables.upcalls, SIZE_MAX), *next; upcall;
       upcall = next) {
    next = upcall->next;
    while (datagram < end && !is_about(upcall, datagram))
      datagram++;
    CHECK(datagram++ < end);
    free(upcall);
    count++;
  }
  return count;
}

/** Reads and clears the counters of the only worker. */
static void take_counters(struct run *run, uint64_t values[QP_COUNTER_COUNT])
{
  struct qp_counters *counters = &run->world.rig->workers[0].relay.counters;
  for (int i = 0; i < QP_COUNTER_COUNT; i++)
    values[i] = __atomic_exchange_n(&counters->values[i], 0, __ATOMIC_RELAXED);
}

/** Computes the expected counters, except for what the kernel refused. */
static void expect_counters(const struct run *run, uint64_t upcalls, uint64_t values[QP_COUNTER_COUNT])
{
  bool is_public = !run->is_from_gateway;
  memset(values, 0, QP_COUNTER_COUNT * sizeof values[0]);
  for (unsigned i = 0; i < run->batch.count; i++) {
    const struct datagram *datagram = &run->batch.datagrams[i];
    enum fate fate = datagram->verdict.fate;
    values[QP_STUN_UNANSWERED] += fate == FATE_STUN;
    values[datagram->verdict.reason] += fate == FATE_DROP;
    if (!datagram->has_left)
      continue;
    values[fate == FATE_GATEWAY ? QP_GATEWAY_IN : is_public ? QP_RELAYED_PACKETS : QP_GATEWAY_OUT]++;
    values[QP_RELAYED_BYTES] += fate == FATE_RELAY && is_public ? datagram->length : 0;
  }
  values[QP_STUN_UNANSWERED] -= upcalls;
  values[QP_STUN_OVERLOADED] = values[QP_STUN_UNANSWERED];
}

/** Counts the relayed datagrams, or the gateway's, that should have left and did not. */
static uint64_t count_refused(const struct run *run, bool is_relayed)
{
  uint64_t refused = 0;
  for (unsigned i = 0; i < run->batch.count; i++) {
    const struct datagram *datagram = &run->batch.datagrams[i];
    bool is_relay = datagram->verdict.fate == FATE_RELAY && !run->is_from_gateway;
    bool had_to_leave = datagram->verdict.fate == FATE_RELAY || datagram->verdict.fate == FATE_GATEWAY;
    refused += had_to_leave && !datagram->has_left && is_relay == is_relayed;
  }
  return refused;
}

void check_counters(struct run *run)
{
  uint64_t counted[QP_COUNTER_COUNT], expected[QP_COUNTER_COUNT];
  take_counters(run, counted);
  expect_counters(run, take_upcalls(run), expected);
  CHECK(counted[QP_SEND_FAILED] + counted[QP_SEND_BUFFER_FULL] == count_refused(run, true));
  CHECK(counted[QP_GATEWAY_SEND_FAILED] + counted[QP_GATEWAY_TOO_LONG] == count_refused(run, false));
  counted[QP_SEND_FAILED] = counted[QP_SEND_BUFFER_FULL] = 0;
  counted[QP_GATEWAY_SEND_FAILED] = counted[QP_GATEWAY_TOO_LONG] = 0;
  CHECK(memcmp(counted, expected, sizeof counted) == 0);
}
