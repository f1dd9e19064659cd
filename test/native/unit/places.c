#include "../../../src/forwarder/native/splice/places.h"

#include "../harness/check.h"
#include "../harness/suite.h"

enum { CLIENTS = 64, SECOND_NS = 1000000000 };

static const struct qp_hash_key hash_key = { 1, 2 };
static const struct qp_place_limits limits = {
  .max = 16,
  .max_on_probation = 4,
  .max_settled = 12,
  .max_strangers = 2,
  .max_of_share = 8,
  .per_second = 1000,
  .burst = 40,
  .share_per_second = 100,
};

struct fixture {
  struct qp_places places;
  struct qp_place clients[CLIENTS];
  uint64_t now_ns;
};

static void begin(struct fixture *fixture)
{
  memset(fixture, 0, sizeof *fixture);
  fixture->now_ns = SECOND_NS;
  qp_places_init(&fixture->places, &limits, &hash_key);
}

static void end(struct fixture *fixture)
{
  for (int i = 0; i < CLIENTS; i++)
    if (fixture->clients[i].connection)
      qp_places_close(&fixture->places, &fixture->clients[i]);
  CHECK(atomic_load(&fixture->places.count) == 0 && fixture->places.on_probation.count == 0);
  CHECK(fixture->places.strangers.count == 0 && fixture->places.ids.count == 0);
  qp_places_destroy(&fixture->places);
}

static struct qp_address address_at(const char *ip)
{
  struct qp_address address;
  CHECK(qp_parse_address(ip, 443, &address));
  return address;
}

/** Opens a place for a client that sent a short header packet to connection ID `id`; `QP_ALLOWED` on success. */
static enum qp_counter come(struct fixture *fixture, int client, const char *ip, bool is_moving, uint8_t id)
{
  const uint8_t data[60] = { 0x40, id };
  enum qp_counter refusal;
  struct qp_address source = address_at(ip);
  memset(&fixture->clients[client], 0, sizeof fixture->clients[client]);
  qp_place_is_alive(&fixture->clients[client], 200);
  bool is_open = qp_places_open(&fixture->places, &fixture->clients[client], &source, is_moving, data, sizeof data,
                                fixture->now_ns, &refusal);
  CHECK(is_open == (refusal == QP_ALLOWED));
  return refusal;
}

static bool is_in(const struct fixture *fixture, int client)
{
  return fixture->clients[client].connection != NULL && !qp_place_is_given_up(&fixture->clients[client]);
}

static enum qp_counter come_and_stay(struct fixture *fixture, int client, const char *ip)
{
  enum qp_counter refusal = come(fixture, client, ip, false, 0);
  if (refusal == QP_ALLOWED)
    qp_places_graduate(&fixture->places, &fixture->clients[client]);
  return refusal;
}

static void gives_up_the_oldest(void)
{
  struct fixture fixture;
  begin(&fixture);
  for (int i = 0; i < 6; i++)
    CHECK(come(&fixture, i, "192.0.2.1", false, 0) == QP_ALLOWED);
  CHECK(!is_in(&fixture, 0) && !is_in(&fixture, 1) && is_in(&fixture, 2) && is_in(&fixture, 5));
  CHECK(atomic_load(&fixture.places.count) == 4 && atomic_load(&fixture.places.given_up) == 2);
  end(&fixture);
}

static void keeps_strangers_to_their_part(void)
{
  struct fixture fixture;
  begin(&fixture);
  CHECK(come(&fixture, 0, "192.0.2.1", false, 0) == QP_ALLOWED);
  for (int i = 1; i < 4; i++, fixture.now_ns += SECOND_NS)
    CHECK(come(&fixture, i, "192.0.2.1", true, 9) == QP_ALLOWED);
  CHECK(is_in(&fixture, 0) && !is_in(&fixture, 1) && is_in(&fixture, 2) && is_in(&fixture, 3));
  end(&fixture);
}

static void knows_ids_of_graduates(void)
{
  struct fixture fixture;
  begin(&fixture);
  const uint8_t data[60] = { 0x40, 7 }, other[60] = { 0x40, 8 };
  CHECK(come_and_stay(&fixture, 0, "192.0.2.1") == QP_ALLOWED);
  CHECK(come_and_stay(&fixture, 1, "192.0.2.1") == QP_ALLOWED);
  qp_places_note(&fixture.places, &fixture.clients[0], data, sizeof data);
  qp_places_note(&fixture.places, &fixture.clients[1], other, sizeof other);
  CHECK(fixture.places.ids.count == 2);
  qp_places_close(&fixture.places, &fixture.clients[1]);
  fixture.clients[1].connection = NULL;
  CHECK(come(&fixture, 2, "192.0.2.2", true, 7) == QP_ALLOWED && !fixture.clients[2].is_stranger);
  CHECK(come(&fixture, 3, "192.0.2.2", true, 8) == QP_ALLOWED && fixture.clients[3].is_stranger);
  end(&fixture);
}

/**
 * A connection that moves to ever new forged addresses has at most a few places at a time, all in the client's share.
 */
static void counts_what_moves_as_its_connections(void)
{
  struct fixture fixture;
  begin(&fixture);
  fixture.places.limits.max_on_probation = 16;
  const uint8_t data[60] = { 0x40, 7 };
  CHECK(come_and_stay(&fixture, 0, "192.0.2.1") == QP_ALLOWED);
  qp_places_note(&fixture.places, &fixture.clients[0], data, sizeof data);
  const char *const false_sources[] = { "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7" };
  for (int i = 0; i < 6; i++)
    CHECK(come(&fixture, 1 + i, false_sources[i], true, 7) == QP_ALLOWED && fixture.clients[1 + i].is_moved);
  CHECK(is_in(&fixture, 0) && !is_in(&fixture, 1) && !is_in(&fixture, 2) && is_in(&fixture, 3) && is_in(&fixture, 6));
  CHECK(fixture.places.shares.count == 1 && fixture.clients[0].connection->share->places == 5);
  CHECK(fixture.clients[6].connection == fixture.clients[0].connection);
  /* The connection outlives its first place, and its older moved places make room for newer ones. */
  qp_places_close(&fixture.places, &fixture.clients[0]);
  for (int i = 3; i < 6; i++)
    qp_places_close(&fixture.places, &fixture.clients[i]);
  fixture.places.limits.max_on_probation = 1;
  CHECK(come(&fixture, 7, "192.0.2.8", true, 7) == QP_ALLOWED && fixture.clients[7].is_moved && !is_in(&fixture, 6));
  CHECK(fixture.places.shares.count == 1 && fixture.clients[7].connection->places == 1);
  end(&fixture);
}

/** A client that observes an ID and also uses it gains nothing from packets to it. */
static void leaves_an_id_to_the_first(void)
{
  struct fixture fixture;
  begin(&fixture);
  const uint8_t data[60] = { 0x40, 7 };
  for (int i = 0; i < 2; i++) {
    CHECK(come_and_stay(&fixture, i, i ? "192.0.2.2" : "192.0.2.1") == QP_ALLOWED);
    qp_places_note(&fixture.places, &fixture.clients[i], data, sizeof data);
  }
  CHECK(fixture.clients[1].used.count == 0);
  CHECK(come(&fixture, 2, "192.0.2.3", true, 7) == QP_ALLOWED);
  CHECK(fixture.clients[2].connection == fixture.clients[0].connection);
  end(&fixture);
}

static void shares_out(void)
{
  struct fixture fixture;
  begin(&fixture);
  for (int i = 0; i < 8; i++)
    CHECK(come_and_stay(&fixture, i, "192.0.2.1") == QP_ALLOWED);
  CHECK(come(&fixture, 8, "192.0.2.1", false, 0) == QP_GATEWAY_SHARE);
  fixture.places.limits.max_settled = 16;
  for (int i = 8; i < 16; i++)
    CHECK(come_and_stay(&fixture, i, "2001:db8::1:0:0:1") == QP_ALLOWED);
  CHECK(come(&fixture, 16, "2001:db8::2:0:0:2", false, 0) == QP_GATEWAY_SHARE);
  CHECK(come(&fixture, 16, "2001:db8:0:1::1", false, 0) == QP_GATEWAY_FULL);
  qp_places_close(&fixture.places, &fixture.clients[0]);
  fixture.clients[0].connection = NULL;
  CHECK(come(&fixture, 16, "2001:db8:0:1::1", false, 0) == QP_ALLOWED);
  CHECK(come(&fixture, 17, "192.0.2.1", false, 0) == QP_ALLOWED && !is_in(&fixture, 16));
  end(&fixture);
}

/** Fills the fixture with six clients at two addresses of one network, and three in each of two others. */
static void begin_full(struct fixture *fixture, const char *const sources[4])
{
  begin(fixture);
  for (int i = 0; i < 12; i++) {
    const char *source = sources[i < 6 ? i % 2 : i < 9 ? 2 : 3];
    CHECK(come_and_stay(fixture, i, source) == QP_ALLOWED);
    qp_place_is_alive(&fixture->clients[i], 100 - i);
  }
  CHECK(fixture->places.networks.count == 3 && fixture->places.settled.count == 12);
}

static void makes_way_in_the_largest_network(const char *const sources[4])
{
  struct fixture fixture;
  begin_full(&fixture, sources);
  CHECK(come(&fixture, 12, "203.0.113.1", false, 0) == QP_ALLOWED && fixture.places.settled.count == 12);
  /* The sixth has been longest without an answer in the largest network, though not of all. */
  qp_places_graduate(&fixture.places, &fixture.clients[12]);
  CHECK(!is_in(&fixture, 5) && fixture.places.settled.count == 12 && atomic_load(&fixture.places.given_up) == 1);
  qp_place_is_alive(&fixture.clients[4], 1000);
  /* Another client of that network displaces one of the six again. */
  CHECK(come_and_stay(&fixture, 13, sources[0]) == QP_ALLOWED && !is_in(&fixture, 3) && is_in(&fixture, 4));
  /* Once all networks have as many, the place longest without an answer of all makes room. */
  for (int i = 14; i < 16; i++)
    CHECK(come_and_stay(&fixture, i, "203.0.113.1") == QP_ALLOWED);
  CHECK(!is_in(&fixture, 2) && !is_in(&fixture, 1) && is_in(&fixture, 11));
  CHECK(come_and_stay(&fixture, 16, "233.252.0.1") == QP_ALLOWED);
  CHECK(!is_in(&fixture, 11) && is_in(&fixture, 0) && is_in(&fixture, 10) && is_in(&fixture, 13));
  end(&fixture);
}

static void makes_way_by_networks(void)
{
  const char *const ipv4[4] = { "192.0.2.1", "192.0.2.255", "192.0.3.1", "198.51.100.1" };
  const char *const ipv6[4] = { "2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1", "198.51.100.1" };
  makes_way_in_the_largest_network(ipv4);
  makes_way_in_the_largest_network(ipv6);
}

static void limits_rates(void)
{
  struct fixture fixture;
  begin(&fixture);
  for (int i = 0; i < 40; i++)
    CHECK(come(&fixture, i, "192.0.2.1", false, 0) == QP_ALLOWED);
  CHECK(come(&fixture, 40, "192.0.2.1", false, 0) == QP_GATEWAY_SHARE_RATE);
  CHECK(come(&fixture, 40, "192.0.2.2", false, 0) == QP_GATEWAY_RATE);
  CHECK(fixture.places.shares.count == 1);
  fixture.now_ns += SECOND_NS / 100;
  CHECK(come(&fixture, 40, "192.0.2.1", false, 0) == QP_ALLOWED);
  CHECK(come(&fixture, 41, "192.0.2.1", false, 0) == QP_GATEWAY_SHARE_RATE);
  CHECK(come(&fixture, 41, "192.0.2.2", false, 0) == QP_ALLOWED);
  end(&fixture);
}

static void limits_rates_of_strangers(void)
{
  struct fixture fixture;
  begin(&fixture);
  for (int i = 0; i < 2; i++)
    CHECK(come(&fixture, i, "192.0.2.1", true, 9) == QP_ALLOWED);
  CHECK(come(&fixture, 2, "192.0.2.1", true, 9) == QP_GATEWAY_STRANGER_RATE);
  CHECK(come(&fixture, 2, "192.0.2.2", true, 9) == QP_GATEWAY_STRANGER_RATE && fixture.places.shares.count == 1);
  for (int i = 2; i < 40; i++)
    CHECK(come(&fixture, i, "192.0.2.1", false, 0) == QP_ALLOWED);
  fixture.now_ns += SECOND_NS / 50;
  CHECK(come(&fixture, 40, "192.0.2.1", true, 9) == QP_GATEWAY_STRANGER_RATE);
  CHECK(come(&fixture, 40, "192.0.2.2", true, 9) == QP_ALLOWED);
  CHECK(come(&fixture, 41, "192.0.2.3", true, 9) == QP_GATEWAY_STRANGER_RATE);
  end(&fixture);
}

static void forgets_shares(void)
{
  struct fixture fixture;
  begin(&fixture);
  CHECK(come(&fixture, 0, "192.0.2.1", false, 0) == QP_ALLOWED);
  qp_places_sweep(&fixture.places, fixture.now_ns + SECOND_NS);
  CHECK(fixture.places.shares.count == 1);
  qp_places_close(&fixture.places, &fixture.clients[0]);
  fixture.clients[0].connection = NULL;
  qp_places_sweep(&fixture.places, fixture.now_ns + 2ull * SECOND_NS);
  CHECK(fixture.places.shares.count == 0 && fixture.places.networks.count == 0);
  end(&fixture);
}

static const struct test tests[] = {
  { "gives up the oldest on probation for the newest", gives_up_the_oldest },
  { "gives up the oldest stranger for a stranger", keeps_strangers_to_their_part },
  { "knows the connection IDs of clients that are in and past probation", knows_ids_of_graduates },
  { "counts what comes with a known connection in the share of its first address, four at a time",
    counts_what_moves_as_its_connections },
  { "leaves a connection ID to the connection that came first with it", leaves_an_id_to_the_first },
  { "refuses a source that has its share, an IPv4 address or an IPv6 /64, and no other", shares_out },
  { "keeps a part for those on probation, and gives up one of the network that has most", makes_way_by_networks },
  { "refuses a source that comes too fast before it costs others anything", limits_rates },
  { "refuses strangers that come faster than a sixteenth of the rate, which costs others nothing",
    limits_rates_of_strangers },
  { "forgets a source without places once its rate has recovered", forgets_shares },
};

const struct suite places_suite = SUITE("places", tests);
