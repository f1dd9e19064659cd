#include <limits.h>

#include "../../../xdp/native/stale-pins.h"
#include "handle.h"

static napi_value addresses_array(napi_env env, const struct qp_pins *pins)
{
  napi_value list = NULL;
  napi_create_array_with_length(env, pins->count, &list);
  for (uint32_t i = 0; i < pins->count; i++)
    napi_set_element(env, list, i, qp_local_text(env, &pins->addresses[i]));
  return list;
}

static napi_value pins_object(napi_env env, const struct qp_pins *pins)
{
  napi_value object = NULL;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "programId", qp_number(env, pins->program));
  napi_set_named_property(env, object, "addresses", addresses_array(env, pins));
  return object;
}

napi_value qp_read_pins(napi_env env, napi_callback_info info)
{
  struct qp_call call = qp_call_begin(env, info);
  char path[PATH_MAX];
  struct qp_pins pins;
  qp_read_text(&call, call.arguments[0], path, sizeof path);
  if (call.has_failed)
    return qp_throw_arguments(env);
  int error = qp_pins_read(path, &pins);
  return error ? qp_throw(env, qp_error_name(error), "bpf") : pins_object(env, &pins);
}

napi_value qp_remove_pins(napi_env env, napi_callback_info info)
{
  struct qp_call call = qp_call_begin(env, info);
  char path[PATH_MAX];
  qp_read_text(&call, call.arguments[0], path, sizeof path);
  if (call.has_failed)
    return qp_throw_arguments(env);
  int error = qp_pins_remove(path);
  return error ? qp_throw(env, qp_error_name(error), NULL) : NULL;
}
