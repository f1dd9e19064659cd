#include <arpa/inet.h>
#include <stdlib.h>

#include "upcall-methods.h"

static napi_value address(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  return call.has_failed ? qp_throw_arguments(env) : qp_address_object(env, &handle->forwarder->bound);
}

static napi_value counters(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  napi_value arrays = NULL;
  if (call.has_failed || napi_create_array(env, &arrays) != napi_ok)
    return qp_throw_arguments(env);
  for (unsigned i = 0; i < handle->forwarder->threads; i++) {
    struct qp_counters *thread = &handle->forwarder->workers[i].relay.counters;
    napi_set_element(env, arrays, i, qp_handle_counters(env, handle, thread->values, QP_COUNTER_COUNT));
  }
  return arrays;
}

static napi_value set_initial_route(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  struct qp_bytes dcid = qp_read_bytes(&call, call.arguments[0]);
  uint32_t to = qp_read_uint32(&call, call.arguments[1]);
  uint32_t from = qp_read_uint32(&call, call.arguments[2]);
  int64_t expires_at_ms = qp_read_ms(&call, call.arguments[3]);
  if (call.has_failed)
    return qp_throw_arguments(env);
  const struct qp_sessions *sessions = qp_handle_sessions(handle);
  if (!qp_session_is_open(sessions, to) || !qp_session_is_open(sessions, from))
    return qp_throw_arguments(env);
  struct qp_initial_routes *routes = &handle->forwarder->tables.initial_routes;
  bool is_set = qp_initial_routes_set(routes, dcid.data, dcid.length, to, from, expires_at_ms);
  return is_set ? qp_undefined(env) : qp_throw_arguments(env);
}

static napi_value delete_initial_route(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  struct qp_bytes dcid = qp_read_bytes(&call, call.arguments[0]);
  if (call.has_failed)
    return qp_throw_arguments(env);
  qp_initial_routes_delete(&handle->forwarder->tables.initial_routes, dcid.data, dcid.length);
  return qp_undefined(env);
}

static napi_value client_of(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  char text[QP_IP_TEXT_BYTES];
  struct in_addr ipv4;
  struct qp_client_view client;
  qp_read_ip(&call, call.arguments[0], text);
  if (call.has_failed)
    return qp_throw_arguments(env);
  bool is_known = inet_pton(AF_INET, text, &ipv4) == 1 && qp_forwarder_client(handle->forwarder, ipv4.s_addr, &client);
  if (!is_known)
    return qp_undefined(env);
  napi_value object = qp_path_object(env, &client.path), is_there;
  napi_get_boolean(env, client.is_there, &is_there);
  napi_set_named_property(env, object, "isThere", is_there);
  return object;
}

static napi_value reply(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  struct qp_bytes datagram = qp_read_bytes(&call, call.arguments[0]);
  struct qp_path to = { .local = qp_read_local(&call, call.arguments[3]) };
  bool has_address = qp_read_address(&call, call.arguments[1], call.arguments[2], &to.peer);
  if (call.has_failed || !has_address)
    return qp_throw_arguments(env);
  int error = qp_forwarder_send(handle->forwarder, &to, datagram.data, datagram.length);
  return error ? qp_text(env, qp_error_name(error)) : qp_undefined(env);
}

static napi_value sign_nonce(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  double tick = qp_read_amount(&call, call.arguments[0]);
  struct qp_path path = { .local = qp_read_local(&call, call.arguments[3]) };
  bool has_address = qp_read_address(&call, call.arguments[1], call.arguments[2], &path.peer);
  napi_value buffer, mac;
  void *bytes;
  if (call.has_failed || !has_address || tick >= 0x1p48 ||
      napi_create_arraybuffer(env, QP_NONCE_MAC_BYTES, &bytes, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint8_array, QP_NONCE_MAC_BYTES, buffer, 0, &mac) != napi_ok)
    return qp_throw_arguments(env);
  qp_stun_nonce_sign(&handle->forwarder->tables.stun_gate.nonces, (uint64_t)tick, &path, bytes);
  return mac;
}

static napi_value sweep(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  if (call.has_failed)
    return qp_throw_arguments(env);
  qp_reclaim(&handle->forwarder->tables.grace);
  return qp_undefined(env);
}

static napi_value close_(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  if (call.has_failed)
    return qp_throw_arguments(env);
  qp_handle_close(handle);
  return qp_undefined(env);
}

static napi_value gateway_clients(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  return call.has_failed ? qp_throw_arguments(env)
                         : qp_number(env, atomic_load(&handle->forwarder->tables.splice_limits.places.count));
}

static napi_value gateway_probation(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  if (call.has_failed)
    return qp_throw_arguments(env);
  return qp_number(env, atomic_load(&handle->forwarder->tables.splice_limits.places.count_on_probation));
}

static napi_value gateway_given_up(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  if (call.has_failed)
    return qp_throw_arguments(env);
  return qp_number(env, (double)atomic_load(&handle->forwarder->tables.splice_limits.places.given_up));
}

static napi_value routes(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  return call.has_failed ? qp_throw_arguments(env) : qp_number(env, (double)qp_handle_sessions(handle)->routes.count);
}

static napi_value sessions(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  return call.has_failed ? qp_throw_arguments(env) : qp_number(env, qp_handle_sessions(handle)->count);
}

static napi_value table_bytes(napi_env env, napi_callback_info info)
{
  struct qp_call call;
  struct qp_handle *handle = qp_handle_begin(env, info, &call);
  return call.has_failed ? qp_throw_arguments(env)
                         : qp_number(env, (double)qp_forwarder_table_bytes(handle->forwarder));
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
