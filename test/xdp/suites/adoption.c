#include "../../../src/forwarder/native/tables/adoption.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../native/harness/check.h"
#include "../../native/harness/random.h"
#include "../machine/folder.h"
#include "../suites.h"
#include "../user-sessions.h"
#include "../verdict.h"

/** Restarts the process and returns the tables that it adopts from the kernel. */
static struct user_sessions *adopt(void)
{
  folder_restart();
  CHECK(rig.kernel.is_adopted);
  struct user_sessions *user = user_sessions_create();
  CHECK(qp_sessions_adopt(&user->sessions, now_ns()) == 0);
  rig_check_senders(true);
  return user;
}

static void end(struct user_sessions *user)
{
  user_sessions_destroy(user);
  folder_close();
}

static uint32_t session_of(const struct user_sessions *user, const uint8_t *cid)
{
  const struct qp_routes *routes = &user->sessions.routes;
  return qp_routes_find(routes, cid, qp_routes_hash(routes, cid));
}

/** Reports whether user space knows exactly a person's connection ID and, if `has_address`, the address. */
static bool is_known(const struct user_sessions *user, enum person person, bool has_address)
{
  uint8_t cid[CID_BYTES];
  const struct qp_path address = endpoint_of(person);
  const struct qp_endpoint *endpoint = qp_endpoint_at(&user->sessions, &address.peer);
  cid_of(person, cid);
  return qp_session_is_open(&user->sessions, person) && session_of(user, cid) == (uint32_t)person &&
         (has_address ? endpoint && qp_endpoint_sender(&user->sessions, endpoint, now_ns()) == (uint32_t)person
                      : !endpoint);
}

static bool is_gone(const struct user_sessions *user, enum person person)
{
  uint8_t cid[CID_BYTES];
  const struct qp_path address = endpoint_of(person);
  cid_of(person, cid);
  return !qp_session_is_open(&user->sessions, person) && session_of(user, cid) == QP_NO_SESSION &&
         !qp_endpoint_at(&user->sessions, &address.peer);
}

static void finds_everybody(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_session_state states[PEOPLE];
  struct qp_bucket buckets[PEOPLE];
  folder_open();
  forwards(&packet, ALICE4, BOB4);
  memcpy(states, rig.kernel.states, sizeof states);
  memcpy(buckets, rig.kernel.by_subject, sizeof buckets);
  struct user_sessions *user = adopt();
  CHECK(memcmp(states, rig.kernel.states, sizeof states) == 0);
  CHECK(memcmp(buckets, rig.kernel.by_subject, sizeof buckets) == 0);
  CHECK(user->sessions.count == PEOPLE && user->sessions.buckets.count == PEOPLE);
  for (enum person person = 0; person < PEOPLE; person++)
    CHECK(is_known(user, person, true));
  forwards(&packet, ALICE4, BOB4);
  end(user);
}

static void goes_on_with_them(void)
{
  const struct packet packet = packet_between(ALICE6, BOB6);
  struct packet moved = packet;
  const struct qp_path address = endpoint_from("2001:db8:1::2", 999);
  moved.from.port = htons(999);
  folder_open();
  struct user_sessions *user = adopt();
  CHECK(qp_session_move(&user->sessions, ALICE6, &address));
  forwards(&moved, ALICE6, BOB6);
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  qp_session_close(&user->sessions, BOB6);
  passes_packet(&moved);
  end(user);
}

static void finds_all_connection_ids(void)
{
  enum { MANY = 100000 };
  struct random random = { 1 };
  uint8_t *cids = malloc((size_t)MANY * CID_BYTES);
  CHECK(cids != NULL);
  for (size_t i = 0; i < (size_t)MANY * CID_BYTES; i++)
    cids[i] = (uint8_t)random_word(&random);
  folder_open();
  for (uint32_t i = 0; i < MANY; i++)
    qp_kernel_set_routes(&rig.kernel, cids + (size_t)i * CID_BYTES, 1, i % PEOPLE);
  struct user_sessions *user = adopt();
  for (uint32_t i = 0; i < MANY; i++)
    CHECK(session_of(user, cids + (size_t)i * CID_BYTES) == i % PEOPLE);
  CHECK(user->sessions.routes.count == MANY + PEOPLE);
  CHECK(user->sessions.records[BOB4].cid_count == 1 + (MANY + PEOPLE - 1 - BOB4) / PEOPLE);
  free(cids);
  end(user);
}

static void forgets_the_expired(void)
{
  const struct packet to_bob = packet_between(ALICE4, BOB4), from_bob = packet_between(BOB4, ALICE4);
  folder_open();
  rig_expire(BOB4);
  drops_packet(&to_bob, QP_TOTAL_SESSION_EXPIRED);
  struct user_sessions *user = adopt();
  CHECK(is_gone(user, BOB4) && is_known(user, ALICE4, true));
  passes_packet(&to_bob);
  drops_packet(&from_bob, QP_TOTAL_SOURCE_UNREGISTERED);
  end(user);
}

static void forgets_stray_routes(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  uint8_t cid[CID_BYTES];
  cid_of(BOB4, cid);
  static const uint32_t strays[] = { PEOPLE, UINT32_MAX };
  for (int i = 0; i < 2; i++) {
    folder_open();
    qp_kernel_set_routes(&rig.kernel, cid, 1, strays[i]);
    struct user_sessions *user = adopt();
    CHECK(session_of(user, cid) == QP_NO_SESSION && user->sessions.count == PEOPLE - 1);
    passes_packet(&packet);
    end(user);
  }
}

static void forgets_stray_sources(void)
{
  struct packet packet = packet_between(ALICE4, BOB4);
  packet.from.port = htons(999);
  folder_open();
  rig_set_sender(&packet.from, ALICE4);
  forwards(&packet, ALICE4, BOB4);
  struct user_sessions *user = adopt();
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  packet.from.port = address_of(ALICE4).port;
  forwards(&packet, ALICE4, BOB4);
  end(user);
}

/** No connection ID leads to the session. */
static void forgets_the_unreachable(void)
{
  const struct packet packet = packet_between(BOB4, ALICE4);
  uint8_t cid[CID_BYTES];
  cid_of(BOB4, cid);
  folder_open();
  qp_kernel_remove_route(&rig.kernel, cid);
  struct user_sessions *user = adopt();
  CHECK(is_gone(user, BOB4));
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  end(user);
}

static void finds_lost_senders(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  folder_open();
  rig_remove_sender(&packet.from);
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  struct user_sessions *user = adopt();
  forwards(&packet, ALICE4, BOB4);
  end(user);
}

static void mends_half_addresses(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct qp_path address = endpoint_of(BOB4);
  folder_open();
  rig.kernel.states[BOB4].version++;
  rig.kernel.states[BOB4].address.ip.bytes[15] ^= 0xff;
  passes_packet(&packet);
  struct user_sessions *user = adopt();
  CHECK(is_known(user, BOB4, false) && rig.kernel.states[BOB4].version % 2 == 0);
  passes_packet(&packet);
  CHECK(qp_session_move(&user->sessions, BOB4, &address));
  forwards(&packet, ALICE4, BOB4);
  end(user);
}

static void leaves_out_those_without_address(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  folder_open();
  rig_move(BOB4, (struct qp_udp_address){ 0 });
  struct user_sessions *user = adopt();
  CHECK(is_known(user, BOB4, false));
  passes_packet(&packet);
  end(user);
}

static void gives_out_free_ids(void)
{
  const struct qp_path bob = endpoint_of(BOB4), carol = endpoint_of(CAROL6);
  uint8_t cid[CID_BYTES] = { 0 };
  const struct qp_session_spec one_more = { .cids = cid, .cid_count = 1 };
  folder_open();
  rig.kernel.states[BOB4].expires_at_ns = rig.kernel.states[CAROL6].expires_at_ns = 0;
  struct user_sessions *user = adopt();
  CHECK(user->sessions.count == PEOPLE - 2);
  user_sessions_open(user, BOB4, &bob);
  user_sessions_open(user, CAROL6, &carol);
  CHECK(qp_session_open(&user->sessions, &one_more) == QP_NO_SESSION);
  const struct packet packet = packet_between(ALICE6, CAROL6);
  forwards(&packet, ALICE6, CAROL6);
  CHECK(rig.kernel.states[CAROL6].counters[QP_PACKETS_OFFLOADED] == 1);
  end(user);
}

/** Alice and Carol are one subject, and Bob's bucket is free. */
static void gives_out_free_buckets(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct qp_path bob = endpoint_of(BOB4);
  folder_open();
  rig_charge(CAROL4, ALICE4);
  rig.kernel.states[BOB4].expires_at_ns = 0;
  struct user_sessions *user = adopt();
  CHECK(user->sessions.buckets.count == PEOPLE - 2);
  user_sessions_open(user, BOB4, &bob);
  CHECK(rig.kernel.states[BOB4].bucket == BOB4 || rig.kernel.states[BOB4].bucket == CAROL4);
  forwards(&packet, ALICE4, BOB4);
  qp_session_close(&user->sessions, ALICE4);
  CHECK(user->sessions.buckets.count == PEOPLE - 1);
  qp_session_close(&user->sessions, CAROL4);
  CHECK(user->sessions.buckets.count == PEOPLE - 2);
  end(user);
}

/** No process leaves such a session: it has no bucket to pay from. */
static void forgets_who_has_no_bucket(void)
{
  folder_open();
  rig_charge(BOB4, PEOPLE);
  struct user_sessions *user = adopt();
  CHECK(is_gone(user, BOB4) && is_known(user, ALICE4, true));
  end(user);
}

/** The paying session may be the one with the smaller id or the one with the greater id. */
static void keeps_payers(void)
{
  static const enum person together[] = { ALICE4, CAROL4 };
  const struct packet packet = packet_between(ALICE4, BOB4);
  for (int i = 0; i < 2; i++) {
    folder_open();
    rig_remove_sender(&rig.kernel.states[CAROL4].address);
    rig_move(CAROL4, packet.from);
    rig_set_sender(&packet.from, together[i]);
    struct user_sessions *user = adopt();
    forwards(&packet, together[i], BOB4);
    qp_session_close(&user->sessions, together[i]);
    forwards(&packet, together[!i], BOB4);
    qp_session_close(&user->sessions, together[!i]);
    drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
    end(user);
  }
}

/** The recorded payer is a session at another address, or one without an address. */
static void refuses_foreign_payers(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  for (int is_nowhere = 0; is_nowhere < 2; is_nowhere++) {
    folder_open();
    if (is_nowhere)
      rig_move(CAROL4, (struct qp_udp_address){ 0 });
    rig_set_sender(&packet.from, CAROL4);
    struct user_sessions *user = adopt();
    forwards(&packet, ALICE4, BOB4);
    end(user);
  }
}

static const struct test tests[] = {
  { "finds sessions by connection ID and address, with what they may send and have moved", finds_everybody },
  { "goes on: they can move and end", goes_on_with_them },
  { "finds 100 000 connection IDs", finds_all_connection_ids },
  { "forgets sessions that have expired", forgets_the_expired },
  { "forgets connection IDs that lead to no session", forgets_stray_routes },
  { "forgets addresses at which nobody lives", forgets_stray_sources },
  { "forgets sessions that no connection ID leads to", forgets_the_unreachable },
  { "puts in an address that was missing among the senders", finds_lost_senders },
  { "takes half an address for none, and the session can move", mends_half_addresses },
  { "keeps sessions without an address", leaves_out_those_without_address },
  { "gives out ids that are free, and no others", gives_out_free_ids },
  { "gives out buckets that no session draws from, and no others", gives_out_free_buckets },
  { "forgets a session without a bucket", forgets_who_has_no_bucket },
  { "of several sessions at one address leaves the one that paid to pay", keeps_payers },
  { "has nobody pay for an address at which another lives", refuses_foreign_payers },
};

const struct suite adoption_suite = SUITE("adoption", tests);
