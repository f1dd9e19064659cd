#include <arpa/inet.h>
#include <string.h>

#include "../../../src/forwarder/native/tables/sessions.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../town.h"
#include "../verdict.h"

/** Creates maps without entries for the peers, and a forwarder with sessions for all of them. */
static struct town *begin(void)
{
  rig_reset();
  for (enum person person = 0; person < PEOPLE; person++) {
    uint8_t cid[CID_BYTES];
    cid_of(person, cid);
    qp_kernel_remove_route(&rig.kernel, cid);
    rig_remove_source(&rig.kernel.accounts[person].address);
  }
  struct town *town = town_found();
  for (enum person person = 0; person < PEOPLE; person++) {
    const struct qp_path address = endpoint_of(person);
    town_settle(town, person, &address);
  }
  return town;
}

static void end(struct town *town)
{
  for (enum person person = 0; person < PEOPLE; person++)
    if (qp_session_is_open(&town->sessions, person))
      qp_session_close(&town->sessions, person);
  town_leave(town);
}

static void forwards_what_is_open(void)
{
  struct town *town = begin();
  static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE4, CAROL4 }, { ALICE6, BOB6 }, { ALICE6, CAROL6 } };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    const struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    forwards(&packet, pairs[i][0], pairs[i][1]);
  }
  end(town);
}

static void follows_a_move(void)
{
  struct town *town = begin();
  struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_path elsewhere = endpoint_from("192.0.2.2", 999);
  forwards(&packet, ALICE4, BOB4);
  CHECK(qp_session_move(&town->sessions, ALICE4, &elsewhere));
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  packet.from.port = htons(999);
  forwards(&packet, ALICE4, BOB4);
  const struct packet back = packet_between(BOB4, ALICE4);
  forwards(&back, BOB4, ALICE4);
  end(town);
}

static void pays_from_the_latest(void)
{
  struct town *town = begin();
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_path shared = endpoint_of(ALICE4);
  forwards(&packet, ALICE4, BOB4);
  CHECK(qp_session_move(&town->sessions, CAROL4, &shared));
  forwards(&packet, CAROL4, BOB4);
  qp_session_close(&town->sessions, CAROL4);
  forwards(&packet, ALICE4, BOB4);
  end(town);
}

static void draws_from_the_subjects_bucket(void)
{
  struct town *town = begin();
  const struct packet packet = packet_between(ALICE4, BOB4);
  forwards(&packet, ALICE4, BOB4);
  const uint32_t shared = rig.kernel.accounts[CAROL4].bucket;
  qp_session_charge(&town->sessions, ALICE4, shared);
  CHECK(rig.kernel.accounts[ALICE4].bucket == shared && town->sessions.buckets.count == PEOPLE - 1);
  forwards(&packet, ALICE4, BOB4);
  qp_session_close(&town->sessions, CAROL4);
  CHECK(town->sessions.buckets.count == PEOPLE - 1);
  forwards(&packet, ALICE4, BOB4);
  qp_session_close(&town->sessions, ALICE4);
  CHECK(town->sessions.buckets.count == PEOPLE - 2);
  end(town);
}

static void leaves_to_user_space_what_only_it_can_do(void)
{
  struct town *town = begin();
  const struct packet packet = packet_between(ALICE6, BOB6);
  struct qp_path zoned = endpoint_from("fe80::1", 999);
  zoned.peer.scope = 1;
  forwards(&packet, ALICE6, BOB6);
  CHECK(qp_session_move(&town->sessions, BOB6, &zoned));
  passes_packet(&packet);
  CHECK(qp_session_move(&town->sessions, BOB6, NULL));
  passes_packet(&packet);
  end(town);
}

static void forgets_what_ends(void)
{
  struct town *town = begin();
  const struct packet to_bob = packet_between(ALICE4, BOB4), from_bob = packet_between(BOB4, ALICE4);
  uint8_t others[2 * CID_BYTES];
  forwards(&to_bob, ALICE4, BOB4);
  forwards(&from_bob, BOB4, ALICE4);
  cid_of(CAROL4, others);
  memset(others + CID_BYTES, 0x7f, CID_BYTES);
  CHECK(qp_session_route(&town->sessions, CAROL4, others, 2));
  CHECK(qp_session_route(&town->sessions, BOB4, others + CID_BYTES, 1));
  passes_packet(&to_bob);
  CHECK(qp_session_route(&town->sessions, CAROL4, others, 1));
  qp_session_close(&town->sessions, BOB4);
  passes_packet(&to_bob);
  drops_packet(&from_bob, QP_TOTAL_SOURCE_UNREGISTERED);
  end(town);
}

static void rest_before_they_come_back(void)
{
  struct town *town = begin();
  const struct packet to_bob = packet_between(ALICE4, BOB4);
  struct qp_path address = endpoint_of(BOB4);
  qp_session_close(&town->sessions, BOB4);
  qp_session_close(&town->sessions, CAROL4);
  qp_reclaim(&town->grace);
  CHECK(town->sessions.ids.free_count == 0 && town->sessions.ids.resting_count == 2);
  CHECK(town->sessions.buckets.ids.free_count == 0 && town->sessions.buckets.ids.resting_count == 2);
  town_settle(town, BOB4, &address);
  town_settle(town, CAROL4, &address);
  CHECK(town->sessions.ids.resting_count == 0 && town->sessions.buckets.ids.resting_count == 0);
  forwards(&to_bob, ALICE4, BOB4);
  end(town);
}

static const struct test tests[] = {
  { "that are open are forwarded to, and their accounts are the kernel's", forwards_what_is_open },
  { "that move are found at their new address, for sending and for receiving", follows_a_move },
  { "at one address: the latest one pays", pays_from_the_latest },
  { "that come to another's bucket draw from it, and it lasts as long as the last of them",
    draws_from_the_subjects_bucket },
  { "in a zone or without an address are left to user space", leaves_to_user_space_what_only_it_can_do },
  { "that end leave ids that rest until the kernel is through with them", rest_before_they_come_back },
  { "that end are gone, and connection IDs that they gave up", forgets_what_ends },
};

const struct suite sessions_suite = SUITE("sessions", tests);
