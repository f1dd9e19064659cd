#include "../../../src/forwarder/native/tables/bucket.h"
#include "../../../src/forwarder/native/tables/endpoints.h"
#include "../harness/check.h"
#include "race.h"

static struct qp_sessions *sessions_of(const struct race *race)
{
  return &race->rig->tables.sessions;
}

uint32_t write_cids(uint8_t *cids, unsigned owner, uint32_t first, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    write_cid(cids + i * QP_CID_BYTES, owner, first + i);
  return count;
}

static uint32_t choose_cids(struct race *race, uint8_t *cids, unsigned owner)
{
  uint32_t first = random_below(&race->random, OWNER_CIDS);
  return write_cids(cids, owner, first, random_below(&race->random, OWNER_CIDS - first + 1));
}

static bool choose_path(struct race *race, unsigned owner, struct qp_path *path)
{
  path->peer = owner_address(owner, random_below(&race->random, OWNER_ADDRESSES));
  path->local = host_address(random_below(&race->random, HOST_ADDRESSES));
  return random_below(&race->random, 4) > 0;
}

void open_bucket(struct race *race, unsigned subject)
{
  race->buckets[subject] = qp_bucket_open(&sessions_of(race)->buckets, 1e6, 1e6);
  CHECK(race->buckets[subject] != QP_NO_ID);
}

static uint32_t choose_bucket(struct race *race)
{
  return race->buckets[random_below(&race->random, SUBJECTS)];
}

/** The old bucket stays for as long as sessions draw from it. */
static void change_subject(struct race *race)
{
  unsigned subject = random_below(&race->random, SUBJECTS);
  qp_bucket_release(&sessions_of(race)->buckets, race->buckets[subject]);
  open_bucket(race, subject);
}

static void open_one(struct race *race, unsigned owner, struct session *session)
{
  uint8_t cids[OWNER_CIDS * QP_CID_BYTES];
  struct qp_path path;
  bool has_address = choose_path(race, owner, &path);
  const struct qp_session_spec spec = {
    .cids = cids,
    .cid_count = choose_cids(race, cids, owner),
    .path = has_address ? &path : NULL,
    .bucket = choose_bucket(race),
    .expires_at_ns = random_below(&race->random, 8) == 0 ? 0 : UINT64_MAX,
  };
  *session = (struct session){ true, qp_session_open(sessions_of(race), &spec) };
  CHECK(session->id != QP_NO_SESSION);
}

void set_initial_route(struct race *race, unsigned owner, uint32_t to)
{
  uint8_t dcid[INITIAL_BYTES];
  write_initial(dcid, owner);
  CHECK(qp_initial_routes_set(&race->rig->tables.initial_routes, dcid, sizeof dcid, to, race->sender, INT64_MAX));
}

static void delete_initial_route(struct race *race, unsigned owner)
{
  uint8_t dcid[INITIAL_BYTES];
  write_initial(dcid, owner);
  qp_initial_routes_delete(&race->rig->tables.initial_routes, dcid, sizeof dcid);
}

static void close_one(struct race *race, unsigned owner, struct session *session)
{
  delete_initial_route(race, owner);
  qp_session_close(sessions_of(race), session->id);
  session->is_open = false;
}

static void change_one(struct race *race, unsigned owner, const struct session *session)
{
  uint8_t cids[OWNER_CIDS * QP_CID_BYTES];
  struct qp_path path;
  struct qp_session_state *changed = &sessions_of(race)->states[session->id];
  switch (random_below(&race->random, 7)) {
  case 0:
    CHECK(qp_session_route(sessions_of(race), session->id, cids, choose_cids(race, cids, owner)));
    break;
  case 1:
    CHECK(qp_session_move(sessions_of(race), session->id, choose_path(race, owner, &path) ? &path : NULL));
    break;
  case 2:
    qp_bucket_reshape(&sessions_of(race)->buckets.all[choose_bucket(race)], random_below(&race->random, 1000000), 1e5,
                      qp_worker_now(&race->rig->workers[0]).ns);
    break;
  case 4:
    qp_session_charge(sessions_of(race), session->id, choose_bucket(race));
    break;
  case 5:
    change_subject(race);
    break;
  case 3:
    qp_store(&changed->expires_at_ns, random_below(&race->random, 2) == 0 ? 0 : UINT64_MAX);
    break;
  default:
    set_initial_route(race, owner, session->id);
  }
}

/** Changes everything about the anchor except its constant connection IDs and initial route. */
static void change_anchor(struct race *race)
{
  uint8_t cids[OWNER_CIDS * QP_CID_BYTES];
  struct qp_path path = { .peer = owner_address(ANCHOR, random_below(&race->random, OWNER_ADDRESSES)) };
  uint32_t more = random_below(&race->random, OWNER_CIDS - ANCHOR_CIDS + 1);
  CHECK(qp_session_route(sessions_of(race), race->anchor, cids, write_cids(cids, ANCHOR, 0, ANCHOR_CIDS + more)));
  CHECK(qp_session_move(sessions_of(race), race->anchor, &path));
  set_initial_route(race, ANCHOR, race->anchor);
}

/** Counters must only rise, and a gateway client that is found must have a known address. */
static void look(struct race *race)
{
  uint64_t total = 0;
  for (int i = 0; i < READERS; i++) {
    const struct qp_counters *counters = &race->rig->workers[i].relay.counters;
    for (int each = 0; each < QP_COUNTER_COUNT; each++)
      total += qp_load(&counters->values[each]);
    struct qp_client_view client;
    if (qp_forwarder_client(race->rig, atomic_load(&race->readers[i].client), &client))
      CHECK(owner_of(&client.path.peer) <= STRANGER);
  }
  CHECK(total >= race->last_total);
  race->last_total = total;
  CHECK(qp_forwarder_table_bytes(race->rig) > 0);
}

void change(struct race *race)
{
  atomic_fetch_add(&race->clock, 1);
  unsigned owner = random_below(&race->random, OWNERS);
  struct session *session = &race->sessions[owner][random_below(&race->random, OWNER_SESSIONS)];
  if (!session->is_open)
    open_one(race, owner, session);
  else if (random_below(&race->random, 3) == 0)
    close_one(race, owner, session);
  else
    change_one(race, owner, session);
  if (random_below(&race->random, 4) == 0)
    change_anchor(race);
  if (random_below(&race->random, 8) == 0)
    look(race);
  if (random_below(&race->random, 2) == 0)
    qp_reclaim(&race->rig->tables.grace);
}
