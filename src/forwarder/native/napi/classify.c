#include "classify.h"

#include <stdlib.h>

#include "../packets/demux.h"
#include "call.h"

/** Routes and pins for one call. */
struct rules {
  struct qp_grace grace;
  struct qp_routes routes;
  struct qp_pins pins;
};

static bool read_pins(struct qp_call *call, struct qp_pins *pins, napi_value list)
{
  uint32_t count = 0;
  napi_value item;
  bool is_read = napi_get_array_length(call->env, list, &count) == napi_ok;
  for (uint32_t i = 0; is_read && i < count; i++) {
    is_read = napi_get_element(call->env, list, i, &item) == napi_ok;
    struct qp_bytes dcid = qp_read_bytes(call, item);
    is_read &= !call->has_failed && qp_pins_set(pins, dcid.data, dcid.length, 0, 0, INT64_MAX);
  }
  return is_read;
}

static const char *const verdict_names[] = {
  [QP_VERDICT_EMPTY] = "empty",
  [QP_VERDICT_STUN] = "stun",
  [QP_VERDICT_SESSION] = "session",
  [QP_VERDICT_PINNED] = "pinned",
  [QP_VERDICT_UNKNOWN_INITIAL] = "unknownInitial",
  [QP_VERDICT_GATEWAY] = "gateway",
};

napi_value qp_classify(napi_env env, napi_callback_info info)
{
  struct qp_call call = qp_call_begin(env, info);
  struct qp_bytes datagram = qp_read_bytes(&call, call.arguments[0]);
  struct qp_bytes cids = qp_read_bytes(&call, call.arguments[1]);
  struct rules *rules = calloc(1, sizeof *rules);
  const struct qp_hash_key key = { 1, 2 };
  if (call.has_failed || !rules) {
    free(rules);
    return qp_throw_arguments(env);
  }
  qp_grace_init(&rules->grace, 1);
  qp_routes_init(&rules->routes, &key, &rules->grace);
  qp_pins_init(&rules->pins, &key, &rules->grace);
  bool is_filled = read_pins(&call, &rules->pins, call.arguments[2]);
  for (size_t at = 0; is_filled && at + QP_CID_BYTES <= cids.length; at += QP_CID_BYTES)
    is_filled = qp_routes_set(&rules->routes, cids.data + at, 0);
  struct qp_header header = qp_parse(datagram.data, datagram.data + datagram.length);
  uint64_t hash = header.destination ? qp_routes_hash(&rules->routes, header.destination) : 0;
  enum qp_verdict verdict = qp_sort(&header, hash, &rules->routes, &rules->pins, 0).verdict;
  qp_reclaim(&rules->grace);
  qp_routes_destroy(&rules->routes);
  qp_pins_destroy(&rules->pins);
  free(rules);
  return is_filled ? qp_text(env, verdict_names[verdict]) : qp_throw_arguments(env);
}
