#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../../../src/forwarder/native/tables/session.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

/* So many because the time between the reads of an address is short. */
enum { ROUNDS = 1000000, PLACES = 2 };

/** Returns one of two addresses that differ in every part. */
static struct qp_udp_address address_at(int number)
{
  return number == 0 ? address_from("192.0.2.2", 0x1111) : address_from("192.0.2.3", 0x2222);
}

static void *move_about(void *is_over)
{
  for (int number = 0; !atomic_load((atomic_bool *)is_over); number = !number)
    rig_move(BOB4, address_at(number));
  return NULL;
}

/** Returns the number of the address that a frame is for. */
static int place_of(const struct frame *frame)
{
  const uint8_t *ip = frame->bytes + ETHERNET_BYTES, *udp = ip + IPV4_BYTES;
  int number = ip[19] == 3;
  const uint16_t port = (uint16_t)word_at(udp + 2);
  CHECK(ip[19] == 2 + number && port == ntohs(address_at(number).port));
  CHECK(frame->bytes[5] == number);
  return number;
}

static void sends_to_the_old_or_the_new(void)
{
  const struct packet packet = packet_between(CAROL4, BOB4);
  const struct frame frame = frame_of(&packet);
  atomic_bool is_over = false;
  unsigned sent[PLACES] = { 0 };
  pthread_t mover;
  rig_reset();
  rig_move(BOB4, address_at(0));
  CHECK(pthread_create(&mover, NULL, move_about, &is_over) == 0);
  for (int i = 0; i < ROUNDS; i++) {
    const struct outcome outcome = run(&frame);
    CHECK(outcome.verdict == XDP_TX || outcome.verdict == XDP_PASS);
    if (outcome.verdict == XDP_TX)
      sent[place_of(&outcome.frame)]++;
  }
  atomic_store(&is_over, true);
  CHECK(pthread_join(mover, NULL) == 0);
  CHECK(sent[0] > 0 && sent[1] > 0);
}

static const struct test tests[] = {
  { "send to the old address or to the new one, and never to half of each", sends_to_the_old_or_the_new },
};

const struct suite moves_suite = SUITE("moves", tests);
