#include "endpoints.h"

#include <stdlib.h>

#include "../../../xdp/native/maps.h"

struct qp_endpoint *qp_endpoint_at(const struct qp_sessions *sessions, const struct qp_address *address)
{
  return qp_table_find(&sessions->endpoints, address);
}

static uint32_t load_id(const _Atomic uint32_t *id)
{
  return atomic_load_explicit(id, memory_order_acquire);
}

static void store_id(_Atomic uint32_t *id, uint32_t value)
{
  atomic_store_explicit(id, value, memory_order_release);
}

uint32_t qp_endpoint_sender(const struct qp_sessions *sessions, const struct qp_endpoint *endpoint, uint64_t now_ns)
{
  uint32_t next = load_id(&endpoint->newest);
  while (next != 0 && qp_state_is_expired(&sessions->states[next - 1], now_ns))
    next = load_id(&sessions->sessions[next - 1].older);
  return next - 1;
}

static struct qp_endpoint *endpoint_for(struct qp_sessions *sessions, const struct qp_address *address)
{
  struct qp_endpoint *endpoint = qp_endpoint_at(sessions, address);
  if (endpoint || !(endpoint = calloc(1, sizeof *endpoint)))
    return endpoint;
  endpoint->address = *address;
  endpoint->name = qp_name_of_address(address, sessions->family);
  return qp_table_keep(&sessions->endpoints, endpoint);
}

static void release_endpoint(struct qp_retired *retired, void *owner)
{
  (void)retired;
  free(owner);
}

/** Removes a session from its endpoint's list. */
static void unlink_session(struct qp_sessions *sessions, uint32_t id, struct qp_endpoint *endpoint)
{
  struct qp_session_record *record = &sessions->records[id];
  uint32_t older = load_id(&sessions->sessions[id].older);
  if (older != 0)
    sessions->records[older - 1].newer = record->newer;
  if (record->newer != 0)
    store_id(&sessions->sessions[record->newer - 1].older, older);
  else
    store_id(&endpoint->newest, older);
  record->newer = 0;
}

static void discard_endpoint(struct qp_sessions *sessions, struct qp_endpoint *endpoint)
{
  qp_table_remove(&sessions->endpoints, endpoint);
  qp_retire(sessions->grace, &endpoint->retired, release_endpoint, endpoint);
}

/** A thread that follows the list at this moment may cross from the old endpoint's list into the new one's. */
static void link_session(struct qp_sessions *sessions, uint32_t id, struct qp_endpoint *endpoint)
{
  uint32_t older = load_id(&endpoint->newest);
  store_id(&sessions->sessions[id].older, older);
  if (older != 0)
    sessions->records[older - 1].newer = id + 1;
  store_id(&endpoint->newest, id + 1);
}

void qp_endpoint_publish(struct qp_sessions *sessions, const struct qp_endpoint *endpoint)
{
  struct qp_udp_address source = qp_udp_address_of(&endpoint->address);
  uint32_t newest = load_id(&endpoint->newest);
  /* Addresses in the kernel have no zone, and a packet from another zone must not pass for one from this endpoint. */
  if (endpoint->address.scope != 0)
    return;
  if (newest == 0)
    qp_kernel_remove_sender(sessions->kernel, &source);
  else
    qp_kernel_set_sender(sessions->kernel, &source, newest - 1);
}

/** Publishes a session's address to the kernel; no address if only user space can send there. */
static void publish_address(struct qp_session_state *state, const struct qp_endpoint *to, const struct qp_ip *local)
{
  const struct qp_udp_address nowhere = { 0 };
  bool is_reachable = to && to->address.scope == 0;
  qp_state_move(state, is_reachable ? qp_udp_address_of(&to->address) : nowhere, local);
}

/** Returns the local end of a path, or the bound address if all sessions share one. */
static struct qp_ip local_of(const struct qp_sessions *sessions, const struct qp_path *path)
{
  return path && !qp_is_local_known(&sessions->bound) ? path->local : sessions->bound;
}

bool qp_session_join(struct qp_sessions *sessions, uint32_t id, const struct qp_address *address)
{
  struct qp_endpoint *endpoint = endpoint_for(sessions, address);
  if (!endpoint)
    return false;
  atomic_store_explicit(&sessions->sessions[id].endpoint, endpoint, memory_order_release);
  link_session(sessions, id, endpoint);
  return true;
}

void qp_session_prefer(struct qp_sessions *sessions, uint32_t id)
{
  struct qp_endpoint *endpoint = qp_session_endpoint(sessions, id);
  unlink_session(sessions, id, endpoint);
  link_session(sessions, id, endpoint);
}

/** Makes a session the newest at an endpoint, so that it pays instead of any older one. */
static void take_endpoint(struct qp_sessions *sessions, uint32_t id, struct qp_endpoint *endpoint)
{
  uint32_t older = load_id(&endpoint->newest);
  link_session(sessions, id, endpoint);
  qp_endpoint_publish(sessions, endpoint);
  if (older != 0)
    qp_state_touch(&sessions->states[older - 1]);
}

/** Updates the local address of a session whose peer stays at its address. */
static void turn(struct qp_session_state *state, const struct qp_endpoint *at, const struct qp_ip *local)
{
  if (!qp_same_local(&state->local, local))
    publish_address(state, at, local);
}

bool qp_session_move(struct qp_sessions *sessions, uint32_t id, const struct qp_path *path)
{
  struct qp_endpoint *from = qp_session_endpoint(sessions, id);
  struct qp_endpoint *to = path ? endpoint_for(sessions, &path->peer) : NULL;
  const struct qp_ip local = local_of(sessions, path);
  if (path && !to)
    return false;
  /* The session must not be unlinked and linked again: in between, its packets would have no sender. */
  if (from == to && (!to || load_id(&to->newest) == id + 1)) {
    turn(&sessions->states[id], to, &local);
    return true;
  }
  atomic_store_explicit(&sessions->sessions[id].endpoint, to, memory_order_release);
  if (from)
    unlink_session(sessions, id, from);
  if (to)
    take_endpoint(sessions, id, to);
  if (from)
    qp_endpoint_publish(sessions, from);
  /* Last: the kernel caches who pays for a version of the session's state. */
  publish_address(&sessions->states[id], to, &local);
  if (from && load_id(&from->newest) == 0)
    discard_endpoint(sessions, from);
  return true;
}
