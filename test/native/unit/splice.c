#include "../../../src/forwarder/native/splice/splice.h"

#include <stdlib.h>

#include "../harness/check.h"
#include "../harness/suite.h"

enum { REST_MS = 60000, IDLE_MS = 90000, NEW_IDLE_MS = 10000, PRESENCE_MS = 2000 };

static const struct qp_hash_key hash_key = { 1, 2 };
static const struct qp_permutation_key order = { 0x03020100, 0x07060504 };

/** The splices of some threads, and their shared state. */
struct fixture {
  struct qp_splice_limits limits;
  struct qp_splice splices[2];
  unsigned threads;
};

static void begin(struct fixture *fixture, unsigned threads)
{
  const struct qp_splice_options options = {
    .places = {
      .max = 65536,
      .max_on_probation = 65536,
      .max_strangers = 1,
      .max_of_share = 65536,
      .max_settled = 65536,
      .per_second = 1e9,
      .burst = 1e9,
      .share_per_second = 1e9,
    },
    .idle_ms = IDLE_MS,
    .new_idle_ms = NEW_IDLE_MS,
    .presence_ms = PRESENCE_MS,
    .rest_ms = REST_MS,
  };
  fixture->threads = threads;
  qp_splice_limits_init(&fixture->limits, &options, &order, &hash_key);
  for (unsigned i = 0; i < threads; i++)
    qp_splice_init(&fixture->splices[i], &fixture->limits, &hash_key, i, threads, AF_INET6);
}

static void end(struct fixture *fixture)
{
  for (unsigned i = 0; i < fixture->threads; i++)
    qp_splice_destroy(&fixture->splices[i]);
  qp_splice_limits_destroy(&fixture->limits);
}

static void sweep(struct qp_splice *splice, int64_t now_ms)
{
  qp_splice_sweep(splice, now_ms, (uint64_t)now_ms * 1000000);
}

static struct qp_address source_of(uint32_t number)
{
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(number) };
  return qp_address_of_name((const struct sockaddr *)&name);
}

/** Returns the client at one end of a path, which sent `data`, or null if it was refused. */
static struct qp_client *client_at(struct qp_splice *splice, const struct qp_path *path, const uint8_t *data,
                                   uint32_t length, int64_t now_ms)
{
  enum qp_counter refusal;
  uint64_t now_ns = (uint64_t)now_ms * 1000000;
  struct qp_client *client = qp_splice_admit(splice, path, data, length, now_ms, now_ns, &refusal);
  if (client)
    qp_splice_sent(splice, client, data, length);
  return client;
}

static struct qp_client *client_of(struct qp_splice *splice, uint32_t number, const uint8_t *data, uint32_t length,
                                   int64_t now_ms)
{
  const struct qp_path path = { .peer = source_of(number) };
  return client_at(splice, &path, data, length, now_ms);
}

static const uint8_t initial[1200] = { 0xc0, 0, 0, 0, 1 };

/** Returns the virtual address of a client, which is admitted if it is new; 0 if it was refused. */
static uint32_t admit_at(struct qp_splice *splice, uint32_t number, struct qp_ip local, int64_t now_ms)
{
  const struct qp_path path = { .peer = source_of(number), .local = local };
  const struct qp_client *client = client_at(splice, &path, initial, sizeof initial, now_ms);
  return client ? ntohl(client->virtual_ipv4) : 0;
}

static uint32_t admit(struct qp_splice *splice, uint32_t number, int64_t now_ms)
{
  return admit_at(splice, number, (struct qp_ip){ 0 }, now_ms);
}

static uint32_t ipv4_of(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
  return a << 24 | b << 16 | c << 8 | d;
}

static void agrees_with_typescript(void)
{
  struct fixture fixture;
  begin(&fixture, 1);
  CHECK(admit(&fixture.splices[0], 1, 0) == ipv4_of(127, 167, 111, 123));
  CHECK(admit(&fixture.splices[0], 2, 0) == ipv4_of(127, 217, 52, 186));
  CHECK(admit(&fixture.splices[0], 3, 0) == ipv4_of(127, 12, 16, 27));
  end(&fixture);
}

static void takes_turns(void)
{
  struct fixture fixture;
  begin(&fixture, 2);
  CHECK(admit(&fixture.splices[1], 1, 0) == ipv4_of(127, 217, 52, 186));
  CHECK(admit(&fixture.splices[0], 2, 0) == ipv4_of(127, 167, 111, 123));
  CHECK(admit(&fixture.splices[0], 3, 0) == ipv4_of(127, 12, 16, 27));
  end(&fixture);
}

/** Restarts the order, as happens once all addresses have been given out. */
static void go_round(struct qp_splice *splice)
{
  splice->cursor = 0;
}

static void rests(void)
{
  struct fixture fixture;
  begin(&fixture, 1);
  struct qp_splice *splice = &fixture.splices[0];
  uint32_t first = admit(splice, 1, 0), second = ipv4_of(127, 217, 52, 186);
  struct qp_client_view view;
  sweep(splice, NEW_IDLE_MS);
  CHECK(atomic_load(&fixture.limits.places.count) == 0);
  CHECK(!qp_splice_look_up(splice, htonl(first), 0, &view) && !qp_splice_client(splice, htonl(first)));
  go_round(splice);
  CHECK(admit(splice, 1, NEW_IDLE_MS + REST_MS - 1) == second);
  go_round(splice);
  CHECK(admit(splice, 2, NEW_IDLE_MS + REST_MS) == first);
  CHECK(qp_splice_look_up(splice, htonl(first), 0, &view) && !qp_splice_look_up(splice, htonl(first + 1), 0, &view));
  end(&fixture);
}

/** New clients arrive all through the minute and are soon forgotten, while the order restarts again and again. */
static void rests_under_load(void)
{
  enum { CLIENTS = 6000, EACH_MS = 10 };
  struct fixture fixture;
  begin(&fixture, 1);
  struct qp_splice *splice = &fixture.splices[0];
  uint32_t first = admit(splice, 1, 0);
  sweep(splice, NEW_IDLE_MS);
  for (uint32_t i = 1; i < CLIENTS; i++) {
    int64_t now_ms = NEW_IDLE_MS + i * EACH_MS;
    if (i % 100 == 0) {
      sweep(splice, now_ms);
      go_round(splice);
    }
    CHECK(admit(splice, 1 + i, now_ms) != first);
  }
  go_round(splice);
  CHECK(admit(splice, 0, NEW_IDLE_MS + REST_MS) == first);
  CHECK(splice->by_virtual.count <= CLIENTS + 1);
  end(&fixture);
}

static void tells_paths_apart(void)
{
  struct fixture fixture;
  begin(&fixture, 1);
  struct qp_splice *splice = &fixture.splices[0];
  struct qp_ip one = qp_mapped_ip(htonl(0xc0000201)), other = qp_mapped_ip(htonl(0xc000020b));
  uint32_t at_one = admit_at(splice, 1, one, 0), at_other = admit_at(splice, 1, other, 0);
  struct qp_client_view view;
  CHECK(at_one != at_other && admit_at(splice, 1, one, 0) == at_one && atomic_load(&fixture.limits.places.count) == 2);
  CHECK(qp_splice_look_up(splice, htonl(at_other), 0, &view) && qp_same_local(&view.path.local, &other));
  end(&fixture);
}

/** Clients of two threads compete for one place on probation. */
static void gives_way_to_another_thread(void)
{
  struct fixture fixture;
  begin(&fixture, 2);
  fixture.limits.places.limits.max_on_probation = 1;
  struct qp_splice *here = &fixture.splices[0], *there = &fixture.splices[1];
  struct qp_client_view view;
  uint32_t first = htonl(admit(here, 1, 0));
  uint32_t second = htonl(admit(there, 2, 0));
  CHECK(!qp_splice_client(here, first) && !qp_splice_look_up(here, first, 0, &view));
  CHECK(qp_splice_client(there, second) && atomic_load(&fixture.limits.places.count) == 1);
  uint32_t again = htonl(admit(here, 1, 0));
  CHECK(again != first && qp_splice_client(here, again) && !qp_splice_client(there, second));
  sweep(there, 0);
  CHECK(there->by_path.count == 0 && atomic_load(&fixture.limits.places.given_up) == 2);
  end(&fixture);
}

/** Handshake packets of the gateway and of a client, from and to the gateway's connection ID 7777…. */
static const uint8_t handshake[60] = { 0xe0, 0, 0, 0, 1, 0, 8, 7, 7, 7, 7, 7, 7, 7, 7 };
static const uint8_t short_packet[60] = { 0x40, 7, 7, 7, 7, 7, 7, 7, 7 };

static void graduates(void)
{
  struct fixture fixture;
  begin(&fixture, 1);
  struct qp_splice *splice = &fixture.splices[0];
  struct qp_client *client = client_of(splice, 1, initial, sizeof initial, 0);
  uint8_t answer[1260] = { 0x40 };
  memcpy(answer + 1200, handshake, sizeof handshake);
  client_of(splice, 1, short_packet, sizeof short_packet, 0);
  CHECK(!client->has_answered);
  /* The second of two datagrams, as the kernel joins them. */
  qp_splice_answered(client, answer, sizeof answer, 1200);
  client_of(splice, 1, short_packet, sizeof short_packet, 0);
  CHECK(client->has_answered && atomic_load(&fixture.limits.places.count_on_probation) == 0);
  sweep(splice, IDLE_MS - 1);
  CHECK(splice->by_path.count == 1 && fixture.limits.places.ids.count == 1);
  sweep(splice, IDLE_MS);
  CHECK(splice->by_path.count == 0 && fixture.limits.places.ids.count == 0);
  end(&fixture);
}

static bool is_there(struct qp_splice *splice, uint32_t virtual_ipv4, int64_t now_ms)
{
  struct qp_client_view view;
  return qp_splice_look_up(splice, virtual_ipv4, now_ms, &view) && view.is_there;
}

/** Admits a client at address 1 that has answered the gateway. */
static uint32_t settle(struct qp_splice *splice)
{
  struct qp_client *client = client_of(splice, 1, initial, sizeof initial, 0);
  qp_splice_answered(client, handshake, sizeof handshake, sizeof handshake);
  client_of(splice, 1, short_packet, sizeof short_packet, 0);
  return client->virtual_ipv4;
}

/** The next packet of its connection arrives on the other thread. */
static void leaves_its_address(void)
{
  struct fixture fixture;
  begin(&fixture, 2);
  struct qp_splice *here = &fixture.splices[0], *there = &fixture.splices[1];
  uint32_t first = settle(here);
  CHECK(is_there(here, first, PRESENCE_MS - 1) && !is_there(here, first, PRESENCE_MS));
  client_of(there, 2, short_packet, sizeof short_packet, 0);
  CHECK(!is_there(here, first, 0));
  client_of(here, 1, short_packet, sizeof short_packet, 0);
  CHECK(is_there(here, first, 0));
  client_of(there, 2, short_packet, sizeof short_packet, 0);
  /* A connection that begins at the old address belongs to another client. */
  uint32_t other = htonl(admit(here, 1, 0));
  struct qp_client_view view;
  CHECK(other != first && is_there(here, other, 0) && !qp_splice_look_up(here, first, 0, &view));
  end(&fixture);
}

static void waits_where_it_is(void)
{
  struct fixture fixture;
  begin(&fixture, 1);
  struct qp_splice *splice = &fixture.splices[0];
  settle(splice);
  for (uint32_t address = 2; address <= 3; address++)
    client_of(splice, address, short_packet, sizeof short_packet, 0);
  CHECK(atomic_load(&fixture.limits.places.count_on_probation) == 2);
  sweep(splice, NEW_IDLE_MS);
  CHECK(atomic_load(&fixture.limits.places.count_on_probation) == 1 && splice->by_path.count == 2);
  client_of(splice, 1, short_packet, sizeof short_packet, NEW_IDLE_MS);
  sweep(splice, NEW_IDLE_MS);
  CHECK(atomic_load(&fixture.limits.places.count_on_probation) == 0 && splice->by_path.count == 1);
  end(&fixture);
}

/**
 * A client that the gateway does not answer is forgotten, whatever it sends. What the gateway sends to anyone is no
 * answer.
 */
static void lives_by_answers(void)
{
  struct fixture fixture;
  begin(&fixture, 1);
  struct qp_splice *splice = &fixture.splices[0];
  settle(splice);
  struct qp_client *client = client_of(splice, 1, short_packet, sizeof short_packet, IDLE_MS / 2);
  uint8_t answers[1260] = { 0xf0 };
  memcpy(answers + 1200, short_packet, sizeof short_packet);
  qp_splice_answered(client, answers, 1200, 1200);
  client_of(splice, 1, short_packet, sizeof short_packet, IDLE_MS - 1);
  CHECK(qp_place_alive_at(&client->place) == 0);
  qp_splice_answered(client, answers, sizeof answers, 1200);
  client_of(splice, 1, short_packet, sizeof short_packet, IDLE_MS - 1);
  sweep(splice, IDLE_MS);
  CHECK(splice->by_path.count == 1);
  client_of(splice, 1, short_packet, sizeof short_packet, 2 * IDLE_MS - 2);
  sweep(splice, 2 * IDLE_MS - 1);
  CHECK(splice->by_path.count == 0);
  end(&fixture);
}

/**
 * The Handshake follows an Initial of 80 bytes with a token of one byte. The datagram is also truncated at every
 * length.
 */
static void graduates_behind_an_initial(void)
{
  uint8_t datagram[80 + sizeof handshake] = { 0xc0, 0, 0, 0, 1, 8, 7, 7, 7, 7, 7, 7, 7, 7, 0, 1, 9, 62 };
  memcpy(datagram + 80, (const uint8_t[]){ 0xe0, 0, 0, 0, 1, 8, 7, 7, 7, 7, 7, 7, 7, 7, 0, 30 }, 16);
  for (uint32_t length = 18; length <= sizeof datagram; length++) {
    struct fixture fixture;
    begin(&fixture, 1);
    struct qp_client *client = client_of(&fixture.splices[0], 1, initial, sizeof initial, 0);
    qp_splice_answered(client, handshake, sizeof handshake, sizeof handshake);
    /* Of exactly this length, so that a read beyond its end is detected. */
    uint8_t *whole = malloc(length);
    memcpy(whole, datagram, length);
    client_of(&fixture.splices[0], 1, whole, length, 0);
    free(whole);
    CHECK(client->has_answered == (length >= 95));
    end(&fixture);
  }
}

static const struct test tests[] = {
  /* test/unit/forwarder/splice/virtual-addresses.test.ts has the same addresses. */
  { "gives out the addresses that TypeScript gives out under the same key", agrees_with_typescript },
  { "gives no address out on two threads", takes_turns },
  { "lets an address rest for a minute once its client is forgotten, and knows nobody there", rests },
  { "tells clients apart by which address of the host they talk to", tells_paths_apart },
  { "lets it rest as long however many new clients come", rests_under_load },
  { "gives up a client on probation for one of another thread, which its own thread finds out",
    gives_way_to_another_thread },
  { "keeps a client that has answered the gateway for the longer time", graduates },
  { "knows that a client has left its address: by where its connection is, and by its silence", leaves_its_address },
  { "keeps the one place where a connection that moved is now, for the longer time", waits_where_it_is },
  { "forgets a client whom the gateway does not answer, whatever it sends", lives_by_answers },
  { "finds the answer behind an Initial, and reads nothing behind the datagram", graduates_behind_an_initial },
};

const struct suite splice_suite = SUITE("splice", tests);
