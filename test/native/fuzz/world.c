#include "world.h"

#include "../../../src/forwarder/native/tables/endpoints.h"
#include "../harness/check.h"

static const uint8_t initials[INITIALS][20] = {
  { 0xaa, 0x8e, 0x87, 0x27, 0x6f, 0x06, 0x8b, 0x30 },
  { 0x11, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1 },
  { 0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
  { 0xaa, 0x8e, 0x87, 0x27, 0x6f, 0x06, 0x8b, 0x30 },
};
static const uint8_t initial_lengths[INITIALS] = { 8, 12, 12, 20 };

const uint8_t *world_cid(unsigned cid)
{
  static uint8_t cids[CIDS][QP_CID_BYTES];
  uint8_t *bytes = cids[cid];
  bytes[0] = 0x11;
  bytes[7] = (uint8_t)(cid >> 1);
  bytes[11] = (uint8_t)(cid & 1);
  return bytes;
}

const uint8_t *world_initial(unsigned initial, uint8_t *length)
{
  *length = initial_lengths[initial];
  return initials[initial];
}

struct qp_address world_address(const struct world *world, int source)
{
  return world->is_ipv4_only ? ipv4_address_of((unsigned)source) : address_of((unsigned)source);
}

uint32_t world_virtual(const struct world *world, int source)
{
  const struct qp_table *clients = &world->rig->workers[0].relay.splice.by_path;
  struct qp_address address = world_address(world, source);
  size_t cursor = 0;
  for (const struct qp_client *client; (client = qp_table_next(clients, &cursor));)
    if (qp_same_address(&client->path.peer, &address) && !qp_place_is_given_up(&client->place))
      return client->virtual_ipv4;
  return 0;
}

void world_open(struct world *world, struct input *input)
{
  unsigned flags = next_byte(input);
  *world = (struct world){
    .now = { .ms = 1000, .ns = 1000000000 },
    .is_ipv4_only = flags & 1,
    .has_gateway = !(flags & 2),
    .takes_any_source = flags & 4,
  };
  const struct rig_options options = {
    .threads = 1,
    .is_ipv4_only = world->is_ipv4_only,
    .has_no_gateway = !world->has_gateway,
    .takes_any_source = world->takes_any_source,
    .may_not_segment = flags & 8,
    .max_clients = MAX_CLIENTS,
    .max_on_probation = MAX_ON_PROBATION,
  };
  world->rig = create_rig(&options);
  world->buckets[false] = qp_bucket_open(&world->rig->tables.sessions.buckets, 1e12, 1e15);
  world->buckets[true] = qp_bucket_open(&world->rig->tables.sessions.buckets, 1, 0);
  for (int cid = 0; cid < CIDS; cid++)
    world->owners[cid] = NOBODY;
}

void world_close(struct world *world)
{
  qp_forwarder_destroy(world->rig);
}

static struct qp_sessions *sessions_of(const struct world *world)
{
  return &world->rig->tables.sessions;
}

/** Chooses up to four connection IDs, which may belong to another session or repeat. */
static uint32_t choose_cids(struct input *input, uint8_t *cids, unsigned *chosen)
{
  uint32_t count = next_below(input, 5);
  for (uint32_t i = 0; i < count; i++) {
    chosen[i] = next_below(input, CIDS);
    memcpy(cids + i * QP_CID_BYTES, world_cid(chosen[i]), QP_CID_BYTES);
  }
  return count;
}

static void own(struct world *world, int session, const unsigned *chosen, uint32_t count)
{
  for (int cid = 0; cid < CIDS; cid++)
    if (world->owners[cid] == session)
      world->owners[cid] = NOBODY;
  for (uint32_t i = 0; i < count; i++)
    world->owners[chosen[i]] = session;
}

static int choose_home(struct input *input)
{
  return (int)next_below(input, HOMES + 1) - 1;
}

static int64_t choose_end(const struct world *world, struct input *input)
{
  static const int64_t lives_ms[] = { 1000000, 50, 500, 0 };
  return world->now.ms + lives_ms[next_below(input, 4)];
}

static void open_one(struct world *world, int index, struct input *input)
{
  struct session *session = &world->sessions[index];
  uint8_t cids[4 * QP_CID_BYTES];
  unsigned chosen[4];
  uint32_t count = choose_cids(input, cids, chosen);
  *session = (struct session){ .is_open = true, .home = choose_home(input), .arrival = ++world->arrivals };
  session->expires_at_ms = choose_end(world, input);
  session->is_broke = next_below(input, 4) == 3;
  const struct qp_path path = { .peer = world_address(world, session->home < 0 ? 0 : session->home) };
  const struct qp_session_spec spec = {
    .cids = cids,
    .cid_count = count,
    .path = session->home < 0 ? NULL : &path,
    .bucket = world->buckets[session->is_broke],
    .expires_at_ns = (uint64_t)session->expires_at_ms * 1000000,
  };
  session->id = qp_session_open(sessions_of(world), &spec);
  CHECK(session->id != QP_NO_SESSION);
  own(world, index, chosen, count);
}

static void delete_initial_route(struct world *world, int index)
{
  world->initial_routes[index].is_set = false;
  qp_initial_routes_delete(&world->rig->tables.initial_routes, initials[index], initial_lengths[index]);
}

/** Deletes the initial routes to or from a session before it closes the session, as the callers do. */
static void close_one(struct world *world, int index)
{
  for (int initial = 0; initial < INITIALS; initial++)
    if (world->initial_routes[initial].is_set &&
        (world->initial_routes[initial].to == index || world->initial_routes[initial].from == index))
      delete_initial_route(world, initial);
  qp_session_close(sessions_of(world), world->sessions[index].id);
  world->sessions[index].is_open = false;
  own(world, index, NULL, 0);
}

static void route_one(struct world *world, int index, struct input *input)
{
  uint8_t cids[4 * QP_CID_BYTES];
  unsigned chosen[4];
  uint32_t count = choose_cids(input, cids, chosen);
  CHECK(qp_session_route(sessions_of(world), world->sessions[index].id, cids, count));
  own(world, index, chosen, count);
}

static void move_one(struct world *world, int index, struct input *input)
{
  struct session *session = &world->sessions[index];
  session->home = choose_home(input);
  session->arrival = ++world->arrivals;
  const struct qp_path path = { .peer = world_address(world, session->home < 0 ? 0 : session->home) };
  CHECK(qp_session_move(sessions_of(world), session->id, session->home < 0 ? NULL : &path));
}

static void expire_one(struct world *world, int index, struct input *input)
{
  struct session *session = &world->sessions[index];
  session->expires_at_ms = choose_end(world, input);
  qp_store(&sessions_of(world)->states[session->id].expires_at_ns, (uint64_t)session->expires_at_ms * 1000000);
}

static void set_initial_route(struct world *world, struct input *input)
{
  int index = (int)next_below(input, INITIALS);
  struct initial_route route = { true, (int)next_below(input, SESSIONS), (int)next_below(input, SESSIONS), 0 };
  route.expires_at_ms = choose_end(world, input);
  if (!world->sessions[route.to].is_open || !world->sessions[route.from].is_open)
    return delete_initial_route(world, index);
  CHECK(qp_initial_routes_set(&world->rig->tables.initial_routes, initials[index], initial_lengths[index],
                              world->sessions[route.to].id, world->sessions[route.from].id, route.expires_at_ms));
  world->initial_routes[index] = route;
}

static void pass_time(struct world *world, struct input *input)
{
  static const int64_t steps_ms[] = { 1, 50, 100, 1000 };
  int64_t step_ms = steps_ms[next_below(input, 4)];
  world->now.ms += step_ms;
  world->now.ns += (uint64_t)step_ms * 1000000;
  qp_splice_sweep(&world->rig->workers[0].relay.splice, world->now.ms, world->now.ns);
  for (int source = 0; source < SOURCES; source++) {
    struct client *client = &world->clients[source];
    bool is_settled = client->has_answered || (client->is_moved && client->is_newest);
    if (client->is_known && world->now.ms - client->alive_at_ms >= (is_settled ? 1000 : 100))
      *client = (struct client){ 0 };
  }
}

void world_change(struct world *world, struct input *input)
{
  enum { OPEN_OR_CLOSE, ROUTE, MOVE, EXPIRE, PIN, TIME, RECLAIM, CHANGES };
  unsigned change = next_below(input, CHANGES);
  int index = (int)next_below(input, SESSIONS);
  bool is_open = world->sessions[index].is_open;
  if (change == OPEN_OR_CLOSE && is_open)
    return close_one(world, index);
  if (change == PIN)
    return set_initial_route(world, input);
  if (change == TIME)
    return pass_time(world, input);
  if (change == RECLAIM)
    return qp_reclaim(&world->rig->tables.grace);
  if (!is_open)
    return open_one(world, index, input);
  if (change == ROUTE)
    return route_one(world, index, input);
  if (change == MOVE)
    return move_one(world, index, input);
  expire_one(world, index, input);
}
