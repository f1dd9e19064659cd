#include "../../../xdp/native/attach/interfaces.h"
#include "handle.h"

static void set(napi_env env, napi_value object, const char *name, napi_value value)
{
  napi_set_named_property(env, object, name, value);
}

static napi_value program_object(napi_env env, const struct qp_link *link)
{
  napi_value object = NULL;
  napi_create_object(env, &object);
  set(env, object, "id", qp_number(env, link->program));
  set(env, object, "mode", qp_text(env, link->is_program_native ? "native" : "generic"));
  return object;
}

static napi_value features_object(napi_env env, const struct qp_link *link)
{
  napi_value object = NULL;
  napi_create_object(env, &object);
  set(env, object, "runs", qp_boolean(env, link->runs_programs));
  set(env, object, "transmits", qp_boolean(env, link->transmits_frames));
  return object;
}

static napi_value link_object(napi_env env, const struct qp_link *link)
{
  napi_value object = NULL;
  napi_create_object(env, &object);
  set(env, object, "name", qp_text(env, link->name));
  set(env, object, "index", qp_number(env, link->index));
  set(env, object, "kind", qp_text(env, link->kind));
  set(env, object, "driver", qp_text(env, link->driver));
  set(env, object, "mtu", qp_number(env, link->mtu));
  set(env, object, "isUp", qp_boolean(env, link->is_up));
  set(env, object, "isLoopback", qp_boolean(env, link->is_loopback));
  set(env, object, "isEthernet", qp_boolean(env, link->is_ethernet));
  if (link->program != 0)
    set(env, object, "program", program_object(env, link));
  if (link->has_features)
    set(env, object, "features", features_object(env, link));
  return object;
}

napi_value qp_read_links(napi_env env, napi_callback_info info)
{
  (void)info;
  struct qp_links links;
  int error = qp_links_read(&links);
  napi_value list = NULL;
  napi_create_array_with_length(env, links.count, &list);
  for (size_t i = 0; i < links.count; i++)
    napi_set_element(env, list, (uint32_t)i, link_object(env, &links.items[i]));
  qp_links_free(&links);
  return error ? qp_throw(env, qp_error_name(error), NULL) : list;
}
