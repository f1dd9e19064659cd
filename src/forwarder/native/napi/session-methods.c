#include "../tables/endpoints.h"
#include "handle.h"

/** Reads the id of an open session; anything else fails the call. */
static uint32_t read_session(struct qp_call *call, const struct qp_handle *handle)
{
  uint32_t id = qp_read_uint32(call, call->arguments[0]);
  qp_expect(call, qp_session_is_open(qp_handle_sessions(handle), id));
  return id;
}

/** Reads adjacent connection IDs; anything else fails the call. */
static struct qp_bytes read_cids(struct qp_call *call, napi_value value)
{
  struct qp_bytes cids = qp_read_bytes(call, value);
  qp_expect(call, cids.length % QP_CID_BYTES == 0);
  return cids;
}

static napi_value done(struct qp_call *call, bool has_memory)
{
  return has_memory ? NULL : qp_throw(call->env, "ENOMEM", NULL);
}

/** Converts milliseconds since the epoch to the monotonic clock; 0 for a time in the past. */
static uint64_t monotonic_ns(const struct qp_handle *handle, int64_t at_ms)
{
  const int64_t century_ms = INT64_C(3155760000000);
  struct qp_now now = qp_worker_now(&handle->forwarder->workers[0]);
  if (at_ms <= now.ms)
    return 0;
  int64_t left_ms = at_ms - now.ms < century_ms ? at_ms - now.ms : century_ms;
  return now.ns + (uint64_t)left_ms * 1000000;
}

static napi_value session_number(napi_env env, uint32_t session)
{
  return qp_number(env, session == QP_NO_SESSION ? -1 : (double)session);
}

static napi_value open_session(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_bytes cids = read_cids(call, call->arguments[0]);
  struct qp_path path = { .local = qp_read_local(call, call->arguments[5]) };
  bool has_address = qp_read_address(call, call->arguments[1], call->arguments[2], &path.peer);
  struct qp_session_spec spec = {
    .cids = cids.data,
    .cid_count = (uint32_t)(cids.length / QP_CID_BYTES),
    .path = has_address ? &path : NULL,
    .bucket = qp_read_bucket(call, handle, call->arguments[3]),
  };
  int64_t expires_at_ms = qp_read_ms(call, call->arguments[4]);
  if (call->has_failed)
    return NULL;
  spec.expires_at_ns = monotonic_ns(handle, expires_at_ms);
  uint32_t id = qp_session_open(qp_handle_sessions(handle), &spec);
  return id == QP_NO_SESSION ? qp_throw(call->env, "ENOMEM", NULL) : session_number(call->env, id);
}

static napi_value close_session(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = read_session(call, handle);
  if (call->has_failed)
    return NULL;
  qp_stun_gate_forget(&handle->forwarder->tables.stun_gate, id);
  qp_session_close(qp_handle_sessions(handle), id);
  return NULL;
}

static napi_value is_open(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = qp_read_uint32(call, call->arguments[0]);
  return qp_boolean(call->env, qp_session_is_open(qp_handle_sessions(handle), id));
}

static napi_value set_username(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = read_session(call, handle);
  struct qp_bytes name = qp_read_bytes(call, call->arguments[1]);
  qp_expect(call, name.length <= QP_MAX_STUN_NAME_BYTES);
  if (call->has_failed)
    return NULL;
  return done(call, qp_stun_gate_name(&handle->forwarder->tables.stun_gate, id, name.data, name.length));
}

static napi_value set_routes(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = read_session(call, handle);
  struct qp_bytes cids = read_cids(call, call->arguments[1]);
  if (call->has_failed)
    return NULL;
  return done(call,
              qp_session_route(qp_handle_sessions(handle), id, cids.data, (uint32_t)(cids.length / QP_CID_BYTES)));
}

static napi_value set_address(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = read_session(call, handle);
  struct qp_path path = { .local = qp_read_local(call, call->arguments[3]) };
  bool has_address = qp_read_address(call, call->arguments[1], call->arguments[2], &path.peer);
  if (call->has_failed)
    return NULL;
  return done(call, qp_session_move(qp_handle_sessions(handle), id, has_address ? &path : NULL));
}

static napi_value set_bucket(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = read_session(call, handle);
  uint32_t bucket = qp_read_bucket(call, handle, call->arguments[1]);
  if (!call->has_failed)
    qp_session_charge(qp_handle_sessions(handle), id, bucket);
  return NULL;
}

static napi_value set_expiry(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = read_session(call, handle);
  int64_t expires_at_ms = qp_read_ms(call, call->arguments[1]);
  if (!call->has_failed)
    qp_store(&qp_handle_sessions(handle)->states[id].expires_at_ns, monotonic_ns(handle, expires_at_ms));
  return NULL;
}

static napi_value states(struct qp_call *call, struct qp_handle *handle)
{
  const struct qp_sessions *sessions = qp_handle_sessions(handle);
  size_t words = sizeof *sessions->states / sizeof(__u64);
  return qp_handle_counters(call->env, handle, sessions->states->counters, sessions->ids.capacity * words);
}

static napi_value open_sessions(struct qp_call *call, struct qp_handle *handle)
{
  napi_value ids = NULL;
  qp_expect(call, napi_create_array(call->env, &ids) == napi_ok);
  const struct qp_sessions *sessions = qp_handle_sessions(handle);
  uint32_t count = 0;
  for (uint32_t id = 0; !call->has_failed && id < sessions->ids.given; id++)
    if (qp_session_is_open(sessions, id))
      napi_set_element(call->env, ids, count++, session_number(call->env, id));
  return ids;
}

static napi_value session_of(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_bytes cid = read_cids(call, call->arguments[0]);
  qp_expect(call, cid.length == QP_CID_BYTES);
  if (call->has_failed)
    return NULL;
  const struct qp_routes *routes = &qp_handle_sessions(handle)->routes;
  return session_number(call->env, qp_routes_find(routes, cid.data, qp_routes_hash(routes, cid.data)));
}

static napi_value session_at(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_address address;
  qp_expect(call, qp_read_address(call, call->arguments[0], call->arguments[1], &address));
  if (call->has_failed)
    return NULL;
  const struct qp_sessions *sessions = qp_handle_sessions(handle);
  const struct qp_endpoint *endpoint = qp_endpoint_at(sessions, &address);
  uint64_t now_ns = qp_worker_now(&handle->forwarder->workers[0]).ns;
  return session_number(call->env, endpoint ? qp_endpoint_sender(sessions, endpoint, now_ns) : QP_NO_SESSION);
}

/* clang-format off */
const napi_property_descriptor qp_session_methods[] = {
  QP_METHOD("openSession", open_session),
  QP_METHOD("closeSession", close_session),
  QP_METHOD("isOpen", is_open),
  QP_METHOD("setUsername", set_username),
  QP_METHOD("setRoutes", set_routes),
  QP_METHOD("setAddress", set_address),
  QP_METHOD("setBucket", set_bucket),
  QP_METHOD("setExpiry", set_expiry),
  QP_GETTER("states", states),
  QP_GETTER("openSessions", open_sessions),
  QP_METHOD("sessionOf", session_of),
  QP_METHOD("sessionAt", session_at),
};
/* clang-format on */
const size_t qp_session_method_count = sizeof qp_session_methods / sizeof qp_session_methods[0];
