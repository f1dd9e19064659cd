#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE6, CAROL6 } };

/** One second per token, so that none flows in during the test. */
static struct qp_bucket *slow_bucket(enum person person, uint64_t tokens)
{
  struct qp_bucket *bucket = rig_bucket(person);
  const uint64_t second = 1000000000;
  *bucket = (struct qp_bucket){ .token_ns_q16 = second << 16, .depth_ns = tokens * second };
  bucket->full_at_ns = now_ns();
  return bucket;
}

static void gives_what_it_holds(void)
{
  for (int i = 0; i < 2; i++) {
    const enum person from = pairs[i][0], to = pairs[i][1];
    const struct packet packet = packet_between(from, to);
    const struct frame frame = frame_of(&packet);
    rig_reset();
    struct qp_bucket *bucket = slow_bucket(from, 2 * packet.payload_bytes + packet.payload_bytes / 2);
    bucket->full_at_ns += 10000000000;
    forwards(&packet, from, to);
    forwards(&packet, from, to);
    drops(&frame, QP_TOTAL_RATE_LIMITED, from);
    drops(&frame, QP_TOTAL_RATE_LIMITED, from);
  }
}

static void starts_from_now(void)
{
  const uint64_t tick_ns = 10000000;
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct frame frame = frame_of(&packet);
  const uint64_t cost = packet.payload_bytes * 1000000000ull;
  rig_reset();
  struct qp_bucket *bucket = slow_bucket(ALICE4, packet.payload_bytes - 1);
  bucket->full_at_ns = 0;
  drops(&frame, QP_TOTAL_RATE_LIMITED, ALICE4);
  bucket = slow_bucket(ALICE4, packet.payload_bytes);
  bucket->full_at_ns = 0;
  const uint64_t before = now_ns();
  CHECK(run(&frame).verdict == XDP_TX);
  CHECK(bucket->full_at_ns >= before - tick_ns + cost && bucket->full_at_ns <= now_ns() + cost);
  drops(&frame, QP_TOTAL_RATE_LIMITED, ALICE4);
}

/** Sets the cached clock reading so far back that the full bucket does not look full. */
static void asks_the_clock_before_it_refuses(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct frame frame = frame_of(&packet);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  struct qp_bucket *bucket = slow_bucket(ALICE4, packet.payload_bytes);
  for (uint32_t i = 0; i < rig.kernel.processor_count; i++)
    rig.kernel.by_processor[i].tick_ns -= 1000000000;
  CHECK(run(&frame).verdict == XDP_TX);
  CHECK(bucket->full_at_ns <= now_ns() + bucket->depth_ns);
  drops(&frame, QP_TOTAL_RATE_LIMITED, ALICE4);
}

static void charges_the_sender_alone(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  slow_bucket(BOB4, 0)->full_at_ns = UINT64_MAX / 2;
  forwards(&packet, ALICE4, BOB4);
}

static void is_shared_by_the_sessions_of_a_subject(void)
{
  const struct packet from_alice = packet_between(ALICE4, CAROL4), from_bob = packet_between(BOB4, CAROL4);
  const struct frame frame = frame_of(&from_bob);
  rig_reset();
  forwards(&from_bob, BOB4, CAROL4);
  rig_charge(BOB4, ALICE4);
  slow_bucket(ALICE4, 2 * from_alice.payload_bytes);
  forwards(&from_alice, ALICE4, CAROL4);
  forwards(&from_bob, BOB4, CAROL4);
  drops(&frame, QP_TOTAL_RATE_LIMITED, BOB4);
  rig_charge(BOB4, CAROL4);
  forwards(&from_bob, BOB4, CAROL4);
}

/** No process leaves a session in this state. */
static void is_there_or_the_packet_passes(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  rig_charge(ALICE4, PEOPLE);
  passes_packet(&packet);
}

static void charges_nobody_for_what_passes(void)
{
  struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  slow_bucket(ALICE4, 0)->full_at_ns = UINT64_MAX / 2;
  packet.ttl = 1;
  passes_packet(&packet);
  rig_move(BOB4, address_from("192.0.2.77", 1000));
  packet.ttl = 64;
  passes_packet(&packet);
}

static const struct test tests[] = {
  { "gives what it holds, then drops and counts, in the sender's state and in total", gives_what_it_holds },
  { "is full after any time, and by no more than a tick of the kernel fuller", starts_from_now },
  { "has what flowed in until now, whenever the clock was last read", asks_the_clock_before_it_refuses },
  { "is the sender's", charges_the_sender_alone },
  { "is that of all sessions of a subject, which one leaves for another at once",
    is_shared_by_the_sessions_of_a_subject },
  { "is within the table, or user space decides", is_there_or_the_packet_passes },
  { "is not touched by what passes up", charges_nobody_for_what_passes },
};

const struct suite charges_suite = SUITE("charges", tests);
