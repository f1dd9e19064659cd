/* The state left behind by a call that runs out of memory, for each allocation that can fail. */
#include "../../../src/forwarder/native/tables/endpoints.h"
#include "../harness/allocator.h"
#include "../harness/check.h"
#include "../harness/rig.h"
#include "../harness/suite.h"

enum { CIDS = 40 };

struct fixture {
  struct qp_forwarder *rig;
  uint8_t cids[CIDS * QP_CID_BYTES];
  struct qp_address address;
};

static struct fixture begin(void)
{
  const struct rig_options options = { .threads = 1, .max_clients = 10 };
  struct fixture fixture = { .rig = create_rig(&options), .address = address_of(1) };
  for (int i = 0; i < CIDS; i++)
    fixture.cids[i * QP_CID_BYTES] = (uint8_t)i;
  return fixture;
}

static uint32_t count_found(const struct fixture *fixture)
{
  const struct qp_routes *routes = &fixture->rig->tables.sessions.routes;
  uint32_t found = 0;
  for (const uint8_t *cid = fixture->cids; cid < fixture->cids + sizeof fixture->cids; cid += QP_CID_BYTES)
    found += qp_routes_find(routes, cid, qp_routes_hash(routes, cid)) != QP_NO_SESSION;
  return found;
}

/** Fails the first allocation of `attempt`, then the second, until it succeeds. Returns the number of failures. */
static int starve(bool (*attempt)(struct fixture *), void (*check_failure)(struct fixture *), struct fixture *fixture)
{
  for (int allowed = 0;; allowed++) {
    allocations_left = allowed;
    bool has_succeeded = attempt(fixture);
    allocations_left = -1;
    if (has_succeeded)
      return allowed;
    check_failure(fixture);
    qp_reclaim(&fixture->rig->tables.grace);
  }
}

static bool open_one(struct fixture *fixture)
{
  struct qp_sessions *sessions = &fixture->rig->tables.sessions;
  const struct qp_path path = { .peer = fixture->address };
  const struct qp_session_spec spec = {
    .cids = fixture->cids,
    .cid_count = CIDS,
    .path = &path,
    .bucket = qp_bucket_open(&sessions->buckets, 1, 1),
  };
  bool is_open = qp_session_open(sessions, &spec) != QP_NO_SESSION;
  qp_bucket_release(&sessions->buckets, spec.bucket);
  return is_open;
}

static void check_nothing_is_open(struct fixture *fixture)
{
  const struct qp_sessions *sessions = &fixture->rig->tables.sessions;
  CHECK(sessions->count == 0 && sessions->buckets.count == 0 && sessions->routes.count == 0 &&
        count_found(fixture) == 0);
  CHECK(qp_endpoint_at(sessions, &fixture->address) == NULL && sessions->endpoints.count == 0);
}

static void opens_all_or_nothing(void)
{
  struct fixture fixture = begin();
  CHECK(starve(open_one, check_nothing_is_open, &fixture) > 10);
  CHECK(fixture.rig->tables.sessions.count == 1 && count_found(&fixture) == CIDS);
  qp_forwarder_destroy(fixture.rig);
}

static bool move_one(struct fixture *fixture)
{
  const struct qp_path elsewhere = { .peer = address_of(2) };
  return qp_session_move(&fixture->rig->tables.sessions, 0, &elsewhere);
}

static void check_is_where_it_was(struct fixture *fixture)
{
  const struct qp_sessions *sessions = &fixture->rig->tables.sessions;
  CHECK(qp_same_address(&qp_session_endpoint(sessions, 0)->address, &fixture->address));
  CHECK(sessions->endpoints.count == 1);
}

static void stays_where_it_was(void)
{
  struct fixture fixture = begin();
  CHECK(open_one(&fixture));
  CHECK(starve(move_one, check_is_where_it_was, &fixture) > 0);
  qp_forwarder_destroy(fixture.rig);
}

static bool route_initial_again(struct fixture *fixture)
{
  const uint8_t dcid[8] = { 1 };
  return qp_initial_routes_set(&fixture->rig->tables.initial_routes, dcid, sizeof dcid, 0, 0, INT64_MAX);
}

static void check_has_initial_route(struct fixture *fixture)
{
  const uint8_t dcid[8] = { 1 };
  CHECK(qp_initial_routes_find(&fixture->rig->tables.initial_routes, dcid, sizeof dcid, 0) != NULL);
}

static void keeps_the_initial_route(void)
{
  struct fixture fixture = begin();
  CHECK(route_initial_again(&fixture));
  CHECK(starve(route_initial_again, check_has_initial_route, &fixture) > 0);
  qp_forwarder_destroy(fixture.rig);
}

static bool admit(struct fixture *fixture)
{
  enum qp_counter refusal;
  const struct qp_path path = { .peer = fixture->address };
  static const uint8_t initial[1200] = { 0xc0 };
  struct qp_splice *splice = &fixture->rig->workers[0].relay.splice;
  return qp_splice_admit(splice, &path, initial, sizeof initial, 0, 0, &refusal) != NULL;
}

static void check_nobody_is_in(struct fixture *fixture)
{
  const struct qp_places *places = &fixture->rig->tables.splice_limits.places;
  CHECK(atomic_load(&places->count) == 0 && places->on_probation.count == 0);
  CHECK(fixture->rig->workers[0].relay.splice.by_path.count == 0);
}

static void admits_nobody(void)
{
  struct fixture fixture = begin();
  CHECK(starve(admit, check_nobody_is_in, &fixture) > 1);
  qp_forwarder_destroy(fixture.rig);
}

static bool name_again(struct fixture *fixture)
{
  return qp_stun_gate_name(&fixture->rig->tables.stun_gate, 0, (const uint8_t *)"name", 4);
}

static void check_is_a_stranger(struct fixture *fixture)
{
  CHECK(fixture->rig->tables.stun_gate.names.count == 0 && !fixture->rig->tables.stun_gate.names_of[0]);
}

static void names_nobody(void)
{
  struct fixture fixture = begin();
  CHECK(open_one(&fixture));
  CHECK(starve(name_again, check_is_a_stranger, &fixture) == 2);
  CHECK(fixture.rig->tables.stun_gate.names.count == 1);
  qp_forwarder_destroy(fixture.rig);
}

static bool use_id(struct fixture *fixture)
{
  static struct qp_used_ids used;
  static struct qp_connection connection;
  qp_known_ids_use(&fixture->rig->tables.splice_limits.places.ids, &used, 1, &connection);
  bool is_known = used.count == 1;
  qp_known_ids_forget(&fixture->rig->tables.splice_limits.places.ids, &used);
  return is_known;
}

static void check_no_id_is_known(struct fixture *fixture)
{
  CHECK(!qp_known_ids_find(&fixture->rig->tables.splice_limits.places.ids, 1));
}

static void knows_no_id(void)
{
  struct fixture fixture = begin();
  CHECK(starve(use_id, check_no_id_is_known, &fixture) > 0);
  qp_forwarder_destroy(fixture.rig);
}

static const struct test tests[] = {
  { "a session that cannot be opened leaves no route, endpoint or id behind", opens_all_or_nothing },
  { "a session that cannot be moved stays where it was", stays_where_it_was },
  { "an initial route that cannot be replaced stays", keeps_the_initial_route },
  { "a session that cannot be named has no name", names_nobody },
  { "a client that cannot be admitted is not counted", admits_nobody },
  { "a connection ID that cannot be remembered is not known", knows_no_id },
};

const struct suite memory_suite = SUITE("memory", tests);
