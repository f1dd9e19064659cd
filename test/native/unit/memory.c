/* The state left behind by a call that runs out of memory, for each allocation that can fail. */
#include "../../../src/forwarder/native/tables/endpoints.h"
#include "../harness/allocator.h"
#include "../harness/check.h"
#include "../harness/rig.h"
#include "../harness/suite.h"

enum { CIDS = 40 };

struct town {
  struct qp_forwarder *rig;
  uint8_t cids[CIDS * QP_CID_BYTES];
  struct qp_address address;
};

static struct town begin(void)
{
  const struct rig_options options = { .threads = 1, .max_clients = 10 };
  struct town town = { .rig = create_rig(&options), .address = address_of(1) };
  for (int i = 0; i < CIDS; i++)
    town.cids[i * QP_CID_BYTES] = (uint8_t)i;
  return town;
}

static uint32_t count_found(const struct town *town)
{
  const struct qp_routes *routes = &town->rig->tables.sessions.routes;
  uint32_t found = 0;
  for (const uint8_t *cid = town->cids; cid < town->cids + sizeof town->cids; cid += QP_CID_BYTES)
    found += qp_routes_find(routes, cid, qp_routes_hash(routes, cid)) != QP_NO_SESSION;
  return found;
}

/** Fails the first allocation of `attempt`, then the second, until it succeeds. Returns the number of failures. */
static int starve(bool (*attempt)(struct town *), void (*check_failure)(struct town *), struct town *town)
{
  for (int allowed = 0;; allowed++) {
    allocations_left = allowed;
    bool has_succeeded = attempt(town);
    allocations_left = -1;
    if (has_succeeded)
      return allowed;
    check_failure(town);
    qp_reclaim(&town->rig->tables.grace);
  }
}

static bool open_one(struct town *town)
{
  struct qp_sessions *sessions = &town->rig->tables.sessions;
  const struct qp_path path = { .peer = town->address };
  const struct qp_session_spec spec = {
    .cids = town->cids,
    .cid_count = CIDS,
    .path = &path,
    .bucket = qp_bucket_open(&sessions->buckets, 1, 1),
  };
  bool is_open = qp_session_open(sessions, &spec) != QP_NO_SESSION;
  qp_bucket_release(&sessions->buckets, spec.bucket);
  return is_open;
}

static void check_nothing_is_open(struct town *town)
{
  const struct qp_sessions *sessions = &town->rig->tables.sessions;
  CHECK(sessions->count == 0 && sessions->buckets.count == 0 && sessions->routes.count == 0 && count_found(town) == 0);
  CHECK(qp_endpoint_at(sessions, &town->address) == NULL && sessions->endpoints.count == 0);
}

static void opens_all_or_nothing(void)
{
  struct town town = begin();
  CHECK(starve(open_one, check_nothing_is_open, &town) > 10);
  CHECK(town.rig->tables.sessions.count == 1 && count_found(&town) == CIDS);
  qp_forwarder_destroy(town.rig);
}

static bool move_one(struct town *town)
{
  const struct qp_path elsewhere = { .peer = address_of(2) };
  return qp_session_move(&town->rig->tables.sessions, 0, &elsewhere);
}

static void check_is_where_it_was(struct town *town)
{
  const struct qp_sessions *sessions = &town->rig->tables.sessions;
  CHECK(qp_same_address(&qp_session_endpoint(sessions, 0)->address, &town->address));
  CHECK(sessions->endpoints.count == 1);
}

static void stays_where_it_was(void)
{
  struct town town = begin();
  CHECK(open_one(&town));
  CHECK(starve(move_one, check_is_where_it_was, &town) > 0);
  qp_forwarder_destroy(town.rig);
}

static bool route_initial_again(struct town *town)
{
  const uint8_t dcid[8] = { 1 };
  return qp_initial_routes_set(&town->rig->tables.initial_routes, dcid, sizeof dcid, 0, 0, INT64_MAX);
}

static void check_has_initial_route(struct town *town)
{
  const uint8_t dcid[8] = { 1 };
  CHECK(qp_initial_routes_find(&town->rig->tables.initial_routes, dcid, sizeof dcid, 0) != NULL);
}

static void keeps_the_initial_route(void)
{
  struct town town = begin();
  CHECK(route_initial_again(&town));
  CHECK(starve(route_initial_again, check_has_initial_route, &town) > 0);
  qp_forwarder_destroy(town.rig);
}

static bool admit(struct town *town)
{
  enum qp_counter refusal;
  const struct qp_path path = { .peer = town->address };
  static const uint8_t initial[1200] = { 0xc0 };
  struct qp_splice *splice = &town->rig->workers[0].relay.splice;
  return qp_splice_admit(splice, &path, initial, sizeof initial, 0, 0, &refusal) != NULL;
}

static void check_nobody_is_in(struct town *town)
{
  const struct qp_places *places = &town->rig->tables.splice_limits.places;
  CHECK(atomic_load(&places->count) == 0 && places->on_probation.count == 0);
  CHECK(town->rig->workers[0].relay.splice.by_path.count == 0);
}

static void admits_nobody(void)
{
  struct town town = begin();
  CHECK(starve(admit, check_nobody_is_in, &town) > 1);
  qp_forwarder_destroy(town.rig);
}

static bool name_again(struct town *town)
{
  return qp_stun_gate_name(&town->rig->tables.stun_gate, 0, (const uint8_t *)"name", 4);
}

static void check_is_a_stranger(struct town *town)
{
  CHECK(town->rig->tables.stun_gate.names.count == 0 && !town->rig->tables.stun_gate.names_of[0]);
}

static void names_nobody(void)
{
  struct town town = begin();
  CHECK(open_one(&town));
  CHECK(starve(name_again, check_is_a_stranger, &town) == 2);
  CHECK(town.rig->tables.stun_gate.names.count == 1);
  qp_forwarder_destroy(town.rig);
}

static bool use_id(struct town *town)
{
  static struct qp_used_ids used;
  static struct qp_connection connection;
  qp_known_ids_use(&town->rig->tables.splice_limits.places.ids, &used, 1, &connection);
  bool is_known = used.count == 1;
  qp_known_ids_forget(&town->rig->tables.splice_limits.places.ids, &used);
  return is_known;
}

static void check_no_id_is_known(struct town *town)
{
  CHECK(!qp_known_ids_find(&town->rig->tables.splice_limits.places.ids, 1));
}

static void knows_no_id(void)
{
  struct town town = begin();
  CHECK(starve(use_id, check_no_id_is_known, &town) > 0);
  qp_forwarder_destroy(town.rig);
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
