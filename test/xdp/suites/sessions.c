#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/forwarder/native/bucket.h"
#include "../../../src/forwarder/native/endpoints.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

/** The sessions of the forwarder, with the kernel as their second place. */
struct town {
  struct qp_grace grace;
  struct qp_sessions sessions;
};

static struct qp_address forwarder_address(struct qp_source source)
{
  struct qp_address address = { .port = source.port };
  memcpy(address.ip, &source.ip, sizeof address.ip);
  return address;
}

/**
 * Opens a session whose bucket user space has half emptied; ids are given in order, so the first ones are those of the
 * people in theirs.
 */
static void open_one(struct town *town, enum person person, const struct qp_address *address)
{
  uint8_t cid[CID_BYTES];
  cid_of(person, cid);
  const struct qp_session_spec spec = {
    .cids = cid,
    .cid_count = 1,
    .address = address,
    .bytes_per_second = 1e6,
    .bucket_bytes = 2e6 * LONG_SECONDS,
    .expires_at_ns = now_ns() + LONG_SECONDS * UINT64_C(1000000000),
  };
  CHECK(qp_session_open(&town->sessions, &spec) == (uint32_t)person);
  CHECK(qp_bucket_take(&town->sessions.accounts[person].bucket, 1000000 * LONG_SECONDS, now_ns()));
}

/** Maps without anything about the people, and a forwarder that has sessions for all of them. */
static struct town *begin(void)
{
  const struct qp_hash_key key = { 1, 2 };
  struct town *town = calloc(1, sizeof *town);
  CHECK(town != NULL);
  rig_reset();
  for (enum person person = 0; person < PEOPLE; person++) {
    uint8_t cid[CID_BYTES];
    cid_of(person, cid);
    qp_kernel_remove_route(&rig.kernel, cid);
    qp_kernel_remove_source(&rig.kernel, &rig.kernel.accounts[person].address);
  }
  qp_grace_init(&town->grace, 1);
  CHECK(qp_sessions_init(&town->sessions, PEOPLE, &key, &town->grace, AF_INET6, &rig.kernel));
  for (enum person person = 0; person < PEOPLE; person++) {
    struct qp_address address = forwarder_address(address_of(person));
    open_one(town, person, &address);
  }
  return town;
}

static void end(struct town *town)
{
  for (enum person person = 0; person < PEOPLE; person++)
    if (qp_session_is_open(&town->sessions, person))
      qp_session_close(&town->sessions, person);
  qp_reclaim(&town->grace);
  qp_sessions_destroy(&town->sessions);
  free(town);
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
  struct qp_address elsewhere = forwarder_address(address_from("192.0.2.2", 999));
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
  struct qp_address shared = forwarder_address(address_of(ALICE4));
  CHECK(qp_session_move(&town->sessions, CAROL4, &shared));
  forwards(&packet, CAROL4, BOB4);
  qp_session_close(&town->sessions, CAROL4);
  forwards(&packet, ALICE4, BOB4);
  end(town);
}

static void leaves_to_user_space_what_only_it_can_do(void)
{
  struct town *town = begin();
  const struct packet packet = packet_between(ALICE6, BOB6);
  struct qp_address zoned = forwarder_address(address_from("fe80::1", 999));
  zoned.scope = 1;
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

static const struct test tests[] = {
  { "that are open are forwarded to, and their accounts are the kernel's", forwards_what_is_open },
  { "that move are found at their new address, for sending and for receiving", follows_a_move },
  { "at one address: the latest one pays", pays_from_the_latest },
  { "in a zone or without an address are left to user space", leaves_to_user_space_what_only_it_can_do },
  { "that end are gone, and connection IDs that they gave up", forgets_what_ends },
};

const struct suite sessions_suite = SUITE("sessions", tests);
