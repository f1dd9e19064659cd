#include <arpa/inet.h>
#include <string.h>

#include "../../../src/forwarder/native/tables/sessions.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../user-sessions.h"
#include "../verdict.h"

/** Creates maps without entries for the peers, and a forwarder with sessions for all of them. */
static struct user_sessions *begin(void)
{
  rig_reset();
  for (enum person person = 0; person < PEOPLE; person++) {
    uint8_t cid[CID_BYTES];
    cid_of(person, cid);
    qp_kernel_remove_route(&rig.kernel, cid);
    rig_remove_sender(&rig.kernel.states[person].address);
  }
  struct user_sessions *user = user_sessions_create();
  for (enum person person = 0; person < PEOPLE; person++) {
    const struct qp_path address = endpoint_of(person);
    user_sessions_open(user, person, &address);
  }
  return user;
}

static void end(struct user_sessions *user)
{
  for (enum person person = 0; person < PEOPLE; person++)
    if (qp_session_is_open(&user->sessions, person))
      qp_session_close(&user->sessions, person);
  user_sessions_destroy(user);
}

static void forwards_what_is_open(void)
{
  struct user_sessions *user = begin();
  static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE4, CAROL4 }, { ALICE6, BOB6 }, { ALICE6, CAROL6 } };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    const struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    forwards(&packet, pairs[i][0], pairs[i][1]);
  }
  end(user);
}

static void follows_a_move(void)
{
  struct user_sessions *user = begin();
  struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_path elsewhere = endpoint_from("192.0.2.2", 999);
  forwards(&packet, ALICE4, BOB4);
  CHECK(qp_session_move(&user->sessions, ALICE4, &elsewhere));
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  packet.from.port = htons(999);
  forwards(&packet, ALICE4, BOB4);
  const struct packet back = packet_between(BOB4, ALICE4);
  forwards(&back, BOB4, ALICE4);
  end(user);
}

static void pays_from_the_latest(void)
{
  struct user_sessions *user = begin();
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_path shared = endpoint_of(ALICE4);
  forwards(&packet, ALICE4, BOB4);
  CHECK(qp_session_move(&user->sessions, CAROL4, &shared));
  forwards(&packet, CAROL4, BOB4);
  qp_session_close(&user->sessions, CAROL4);
  forwards(&packet, ALICE4, BOB4);
  end(user);
}

static void draws_from_the_subjects_bucket(void)
{
  struct user_sessions *user = begin();
  const struct packet packet = packet_between(ALICE4, BOB4);
  forwards(&packet, ALICE4, BOB4);
  const uint32_t shared = rig.kernel.states[CAROL4].bucket;
  qp_session_charge(&user->sessions, ALICE4, shared);
  CHECK(rig.kernel.states[ALICE4].bucket == shared && user->sessions.buckets.count == PEOPLE - 1);
  forwards(&packet, ALICE4, BOB4);
  qp_session_close(&user->sessions, CAROL4);
  CHECK(user->sessions.buckets.count == PEOPLE - 1);
  forwards(&packet, ALICE4, BOB4);
  qp_session_close(&user->sessions, ALICE4);
  CHECK(user->sessions.buckets.count == PEOPLE - 2);
  end(user);
}

static void leaves_to_user_space_what_only_it_can_do(void)
{
  struct user_sessions *user = begin();
  const struct packet packet = packet_between(ALICE6, BOB6);
  struct qp_path zoned = endpoint_from("fe80::1", 999);
  zoned.peer.scope = 1;
  forwards(&packet, ALICE6, BOB6);
  CHECK(qp_session_move(&user->sessions, BOB6, &zoned));
  passes_packet(&packet);
  CHECK(qp_session_move(&user->sessions, BOB6, NULL));
  passes_packet(&packet);
  end(user);
}

static void forgets_what_ends(void)
{
  struct user_sessions *user = begin();
  const struct packet to_bob = packet_between(ALICE4, BOB4), from_bob = packet_between(BOB4, ALICE4);
  uint8_t others[2 * CID_BYTES];
  forwards(&to_bob, ALICE4, BOB4);
  forwards(&from_bob, BOB4, ALICE4);
  cid_of(CAROL4, others);
  memset(others + CID_BYTES, 0x7f, CID_BYTES);
  CHECK(qp_session_route(&user->sessions, CAROL4, others, 2));
  CHECK(qp_session_route(&user->sessions, BOB4, others + CID_BYTES, 1));
  passes_packet(&to_bob);
  CHECK(qp_session_route(&user->sessions, CAROL4, others, 1));
  qp_session_close(&user->sessions, BOB4);
  passes_packet(&to_bob);
  drops_packet(&from_bob, QP_TOTAL_SOURCE_UNREGISTERED);
  end(user);
}

static void rest_before_they_come_back(void)
{
  struct user_sessions *user = begin();
  const struct packet to_bob = packet_between(ALICE4, BOB4);
  struct qp_path address = endpoint_of(BOB4);
  qp_session_close(&user->sessions, BOB4);
  qp_session_close(&user->sessions, CAROL4);
  qp_reclaim(&user->grace);
  CHECK(user->sessions.ids.free_count == 0 && user->sessions.ids.resting_count == 2);
  CHECK(user->sessions.buckets.ids.free_count == 0 && user->sessions.buckets.ids.resting_count == 2);
  user_sessions_open(user, BOB4, &address);
  user_sessions_open(user, CAROL4, &address);
  CHECK(user->sessions.ids.resting_count == 0 && user->sessions.buckets.ids.resting_count == 0);
  forwards(&to_bob, ALICE4, BOB4);
  end(user);
}

static const struct test tests[] = {
  { "that are open are forwarded to, and their states are the kernel's", forwards_what_is_open },
  { "that move are found at their new address, for sending and for receiving", follows_a_move },
  { "at one address: the latest one pays", pays_from_the_latest },
  { "that come to another's bucket draw from it, and it lasts as long as the last of them",
    draws_from_the_subjects_bucket },
  { "in a zone or without an address are left to user space", leaves_to_user_space_what_only_it_can_do },
  { "that end leave ids that rest until the kernel is through with them", rest_before_they_come_back },
  { "that end are gone, and connection IDs that they gave up", forgets_what_ends },
};

const struct suite sessions_suite = SUITE("sessions", tests);
