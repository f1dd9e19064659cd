#include "verdict.h"

#include <string.h>

#include "../native/harness/check.h"

/** The state outside the frame that the program may change. */
struct state {
  struct qp_session_state sessions[PEOPLE];
  struct qp_bucket buckets[PEOPLE];
  uint64_t totals[QP_TOTALS];
  uint64_t at_ns;
};

static struct state state_now(void)
{
  struct state state = { .at_ns = now_ns() };
  memcpy(state.sessions, rig.kernel.states, sizeof state.sessions);
  memcpy(state.buckets, rig.kernel.by_subject, sizeof state.buckets);
  rig_read_totals(state.totals);
  return state;
}

static void check_state(const struct state *expected)
{
  const struct state found = state_now();
  CHECK(memcmp(found.totals, expected->totals, sizeof found.totals) == 0);
  for (enum person person = 0; person < PEOPLE; person++) {
    const struct qp_session_state *is = &found.sessions[person], *should = &expected->sessions[person];
    CHECK(memcmp(is->counters, should->counters, sizeof is->counters) == 0);
    CHECK(memcmp(is, should, sizeof *is) == 0);
    CHECK(memcmp(&found.buckets[person], &expected->buckets[person], sizeof found.buckets[person]) == 0);
  }
}

/** Expects a first packet between `state` and now. */
static void note_first(struct state *state, enum person person)
{
  const uint64_t first_at_ns = rig.kernel.states[person].first_at_ns;
  if (state->sessions[person].first_at_ns != 0)
    return;
  CHECK(first_at_ns >= state->at_ns && first_at_ns <= now_ns());
  state->sessions[person].first_at_ns = first_at_ns;
}

static void credit(struct state *state, uint32_t bytes, enum person from, enum person to)
{
  note_first(state, to);
  __u64 *received = state->sessions[to].counters;
  received[QP_BYTES_TO] += bytes;
  received[QP_PACKETS_OFFLOADED] += 1;
  state->totals[QP_TOTAL_PACKETS] += 1;
  state->totals[QP_TOTAL_BYTES] += bytes;
  if (from == NOBODY)
    return;
  note_first(state, from);
  struct qp_session_state *payer = &state->sessions[from];
  payer->counters[QP_PACKETS_FROM] += 1;
  payer->counters[QP_BYTES_FROM] += bytes;
  struct qp_bucket *bucket = &state->buckets[payer->bucket];
  bucket->full_at_ns += bytes * bucket->token_ns_q16 / 65536;
}

struct outcome forwards(const struct packet *packet, enum person from, enum person to)
{
  struct state expected = state_now();
  const struct packet after = packet_after(packet, to);
  const struct frame in = frame_of(packet), out = frame_of(&after);
  const struct outcome outcome = run(&in);
  CHECK(outcome.verdict == (link_of(to) == WEST ? XDP_TX : XDP_REDIRECT));
  CHECK(same_frame(&outcome.frame, &out));
  credit(&expected, packet->payload_bytes, from, to);
  check_state(&expected);
  return outcome;
}

void passes(const struct frame *frame)
{
  const struct state expected = state_now();
  const struct outcome outcome = run(frame);
  CHECK(outcome.verdict == XDP_PASS);
  CHECK(same_frame(&outcome.frame, frame));
  check_state(&expected);
}

void passes_packet(const struct packet *packet)
{
  const struct frame frame = frame_of(packet);
  passes(&frame);
}

void drops(const struct frame *frame, enum qp_total reason, enum person limited)
{
  struct state expected = state_now();
  CHECK(run(frame).verdict == XDP_DROP);
  expected.totals[reason] += 1;
  if (limited != NOBODY)
    expected.sessions[limited].counters[QP_PACKETS_LIMITED] += 1;
  check_state(&expected);
}

void drops_packet(const struct packet *packet, enum qp_total reason)
{
  const struct frame frame = frame_of(packet);
  drops(&frame, reason, NOBODY);
}
