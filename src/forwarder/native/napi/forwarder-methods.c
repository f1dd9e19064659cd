#include <arpa/inet.h>

#include "handle.h"

static napi_value address(struct qp_call *call, struct qp_handle *handle)
{
  return qp_address_object(call->env, &handle->forwarder->bound);
}

static napi_value counters(struct qp_call *call, struct qp_handle *handle)
{
  napi_value arrays = NULL;
  qp_expect(call, napi_create_array(call->env, &arrays) == napi_ok);
  for (unsigned i = 0; !call->has_failed && i < handle->forwarder->threads; i++) {
    struct qp_counters *thread = &handle->forwarder->workers[i].relay.counters;
    napi_set_element(call->env, arrays, i, qp_handle_counters(call->env, handle, thread->values, QP_COUNTER_COUNT));
  }
  return arrays;
}

static napi_value set_initial_route(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_bytes dcid = qp_read_bytes(call, call->arguments[0]);
  uint32_t to = qp_read_uint32(call, call->arguments[1]);
  uint32_t from = qp_read_uint32(call, call->arguments[2]);
  int64_t expires_at_ms = qp_read_ms(call, call->arguments[3]);
  const struct qp_sessions *sessions = qp_handle_sessions(handle);
  struct qp_table *routes = &handle->forwarder->tables.initial_routes;
  qp_expect(call, qp_session_is_open(sessions, to) && qp_session_is_open(sessions, from));
  if (!call->has_failed)
    qp_expect(call, qp_initial_routes_set(routes, dcid.data, dcid.length, to, from, expires_at_ms));
  return NULL;
}

static napi_value delete_initial_route(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_bytes dcid = qp_read_bytes(call, call->arguments[0]);
  if (!call->has_failed)
    qp_initial_routes_delete(&handle->forwarder->tables.initial_routes, dcid.data, dcid.length);
  return NULL;
}

static napi_value client_of(struct qp_call *call, struct qp_handle *handle)
{
  char text[QP_IP_TEXT_BYTES];
  struct in_addr ipv4;
  struct qp_client_view client;
  qp_read_ip(call, call->arguments[0], text);
  if (call->has_failed || inet_pton(AF_INET, text, &ipv4) != 1 ||
      !qp_forwarder_client(handle->forwarder, ipv4.s_addr, &client))
    return NULL;
  napi_value object = qp_path_object(call->env, &client.path);
  napi_set_named_property(call->env, object, "isThere", qp_boolean(call->env, client.is_there));
  return object;
}

static napi_value reply(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_bytes datagram = qp_read_bytes(call, call->arguments[0]);
  struct qp_path to = { .local = qp_read_local(call, call->arguments[3]) };
  qp_expect(call, qp_read_address(call, call->arguments[1], call->arguments[2], &to.peer));
  if (call->has_failed)
    return NULL;
  return qp_error_text(call->env, qp_forwarder_send(handle->forwarder, &to, datagram.data, datagram.length));
}

static napi_value sign_nonce(struct qp_call *call, struct qp_handle *handle)
{
  double tick = qp_read_amount(call, call->arguments[0]);
  struct qp_path path = { .local = qp_read_local(call, call->arguments[3]) };
  qp_expect(call, qp_read_address(call, call->arguments[1], call->arguments[2], &path.peer) && tick < 0x1p48);
  if (call->has_failed)
    return NULL;
  uint8_t mac[QP_NONCE_MAC_BYTES];
  qp_stun_nonce_sign(&handle->forwarder->tables.stun_gate.nonces, (uint64_t)tick, &path, mac);
  return qp_byte_array(call->env, mac, sizeof mac);
}

static napi_value sweep(struct qp_call *call, struct qp_handle *handle)
{
  (void)call;
  qp_reclaim(&handle->forwarder->tables.grace);
  return NULL;
}

static napi_value close_(struct qp_call *call, struct qp_handle *handle)
{
  (void)call;
  qp_handle_close(handle);
  return NULL;
}

static napi_value gateway_clients(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, atomic_load(&handle->forwarder->tables.splice_limits.places.count));
}

static napi_value gateway_probation(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, atomic_load(&handle->forwarder->tables.splice_limits.places.count_on_probation));
}

static napi_value gateway_given_up(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, (double)atomic_load(&handle->forwarder->tables.splice_limits.places.given_up));
}

static napi_value routes(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, (double)qp_handle_sessions(handle)->routes.count);
}

static napi_value sessions(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, qp_handle_sessions(handle)->count);
}

static napi_value table_bytes(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, (double)qp_forwarder_table_bytes(handle->forwarder));
}

const napi_property_descriptor qp_forwarder_methods[] = {
  QP_METHOD("address", address),
  QP_METHOD("setInitialRoute", set_initial_route),
  QP_METHOD("deleteInitialRoute", delete_initial_route),
  QP_METHOD("clientOf", client_of),
  QP_METHOD("reply", reply),
  QP_METHOD("signNonce", sign_nonce),
  QP_METHOD("deliver", qp_deliver_upcalls),
  QP_METHOD("sweep", sweep),
  QP_METHOD("close", close_),
  QP_GETTER("counters", counters),
  QP_GETTER("gatewayClients", gateway_clients),
  QP_GETTER("gatewayProbation", gateway_probation),
  QP_GETTER("gatewayGivenUp", gateway_given_up),
  QP_GETTER("routes", routes),
  QP_GETTER("sessions", sessions),
  QP_GETTER("tableBytes", table_bytes),
};
const size_t qp_forwarder_method_count = sizeof qp_forwarder_methods / sizeof qp_forwarder_methods[0];
