/* The expected fate of a datagram in the fuzzer's world (see world.h). */
#include "rules.h"
#include "world.h"

static int find_cid(const uint8_t *bytes)
{
  for (unsigned cid = 0; cid < CIDS; cid++)
    if (memcmp(bytes, world_cid(cid), QP_CID_BYTES) == 0)
      return (int)cid;
  return NOBODY;
}

static int owner_at(const struct world *world, const uint8_t *data, int at)
{
  int cid = at < 0 ? NOBODY : find_cid(data + at);
  return cid < 0 ? NOBODY : world->owners[cid];
}

static int find_initial_route(const struct world *world, const uint8_t *data, const struct offsets *offsets)
{
  for (unsigned initial = 0; initial < INITIALS; initial++) {
    uint8_t length;
    const uint8_t *bytes = world_initial(initial, &length);
    if (world->initial_routes[initial].is_set && world->initial_routes[initial].expires_at_ms > world->now.ms &&
        offsets->initial >= 0 && offsets->initial_bytes == length &&
        memcmp(data + offsets->initial, bytes, length) == 0)
      return (int)initial;
  }
  return NOBODY;
}

/** Returns the live session that came to a source last. */
static int payer_at(const struct world *world, int source)
{
  int payer = NOBODY;
  for (int i = 0; i < SESSIONS; i++) {
    const struct session *session = &world->sessions[i];
    if (session->is_open && session->home == source && session->expires_at_ms > world->now.ms &&
        (payer < 0 || session->arrival > world->sessions[payer].arrival))
      payer = i;
  }
  return payer;
}

static struct verdict drop(enum qp_counter reason)
{
  return (struct verdict){ .fate = FATE_DROP, .reason = reason };
}

static struct verdict expect_relay(const struct world *world, int source, int to, int flow)
{
  const struct session *session = &world->sessions[to];
  int payer = payer_at(world, source);
  if (session->expires_at_ms <= world->now.ms)
    return drop(QP_SESSION_EXPIRED);
  if (session->home < 0)
    return drop(QP_NO_ADDRESS);
  if (payer < 0 && !world->takes_any_source)
    return drop(QP_SOURCE_UNREGISTERED);
  if (payer >= 0 && world->sessions[payer].is_broke)
    return drop(QP_RATE_LIMITED);
  if (session->home == source)
    return drop(QP_SOURCE_IS_DESTINATION);
  return (struct verdict){ .fate = FATE_RELAY, .home = session->home, .flow = flow };
}

/** Returns the client on probation that arrived first, or null. */
static struct client *oldest_on_probation(struct world *world)
{
  struct client *oldest = NULL;
  for (struct client *client = world->clients; client < world->clients + SOURCES; client++)
    if (client->is_known && !client->has_answered && (!oldest || client->arrival < oldest->arrival))
      oldest = client;
  return oldest;
}

/** Makes room for one more client, if need be at the cost of one on probation; false if there is none. */
static bool makes_room(struct world *world)
{
  int known = 0, on_probation = 0;
  for (int i = 0; i < SOURCES; i++) {
    known += world->clients[i].is_known;
    on_probation += world->clients[i].is_known && !world->clients[i].has_answered;
  }
  if (known == MAX_CLIENTS && on_probation == 0)
    return false;
  if (known == MAX_CLIENTS || on_probation == MAX_ON_PROBATION)
    *oldest_on_probation(world) = (struct client){ 0 };
  return true;
}

/** Returns the connection known by a short header's connection ID, or 0. */
static unsigned connection_of(const struct world *world, const uint8_t *data, size_t length)
{
  for (int i = 0; i < SOURCES; i++)
    if (world->clients[i].is_known && client_use(&world->clients[i], data, length) >= 0)
      return world->clients[i].connection;
  return 0;
}

static bool brings_client(struct world *world, struct client *client, const uint8_t *data, size_t length)
{
  unsigned connection = connection_of(world, data, length);
  if (!makes_room(world))
    return false;
  *client = client_of(data, ++world->client_arrivals);
  if (connection == 0)
    return true;
  client->connection = connection;
  client->is_moved = true;
  client_notes(client, data, length);
  return true;
}

/** Makes the client the only one at which its connection is now. */
static void hear(struct world *world, struct client *client)
{
  for (struct client *each = world->clients; each < world->clients + SOURCES; each++)
    if (each->is_known && each->connection == client->connection)
      each->is_newest = each == client;
}

/** Records the connection ID that a client sends to, unless another connection used it first. */
static void note(struct world *world, struct client *client, const uint8_t *data, size_t length)
{
  unsigned connection = connection_of(world, data, length);
  if (client->has_answered && (connection == 0 || connection == client->connection))
    client_notes(client, data, length);
}

static struct verdict expect_gateway(struct world *world, int source, const uint8_t *data, size_t length)
{
  struct client *client = &world->clients[source];
  if (!world->has_gateway)
    return drop(QP_NO_UPSTREAM);
  if (client->is_known && !client->is_newest && begins_connection(data, length))
    *client = (struct client){ 0 };
  if (!client->is_known && !may_bring_client(data, length))
    return drop(QP_GATEWAY_NO_OPENING);
  if (!client->is_known && !brings_client(world, client, data, length))
    return drop(QP_GATEWAY_FULL);
  if (client->is_answered || client->alive_at_ms == 0)
    client->alive_at_ms = world->now.ms;
  client->is_answered = false;
  hear(world, client);
  client_sends(client, data, length);
  note(world, client, data, length);
  return (struct verdict){
    .fate = FATE_GATEWAY,
    .home = source,
    .flow = CIDS + INITIALS,
    .arrival = client->arrival,
  };
}

static struct verdict expect_quic(struct world *world, int source, const uint8_t *data, size_t length,
                                  const struct offsets *offsets)
{
  int owner = owner_at(world, data, offsets->destination);
  if (owner >= 0)
    return expect_relay(world, source, owner, find_cid(data + offsets->destination));
  int initial = find_initial_route(world, data, offsets);
  if (initial >= 0 && world->sessions[world->initial_routes[initial].from].home == source)
    return expect_relay(world, source, world->initial_routes[initial].to, CIDS + initial);
  if (owner_at(world, data, offsets->source) >= 0)
    return drop(QP_NO_ROUTE);
  return expect_gateway(world, source, data, length);
}

struct verdict world_expect(struct world *world, int source, const uint8_t *data, size_t length)
{
  struct offsets offsets = offsets_in(data, length);
  switch (offsets.sort) {
  case SORT_EMPTY:
    return drop(QP_EMPTY);
  case SORT_STUN:
    return (struct verdict){ .fate = FATE_STUN };
  case SORT_QUIC:
    return expect_quic(world, source, data, length, &offsets);
  default:
    return expect_gateway(world, source, data, length);
  }
}
