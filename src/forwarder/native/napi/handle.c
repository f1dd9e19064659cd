#include "handle.h"

#include <stdlib.h>

/** The environment may end without `close`. The threads must then end before the functions that they call are gone. */
static void stop_with_environment(void *data)
{
  struct qp_handle *handle = data;
  handle->is_open = false;
  if (handle->forwarder)
    qp_forwarder_stop(handle->forwarder);
}

struct qp_handle *qp_handle_create(napi_env env)
{
  struct qp_handle *handle = calloc(1, sizeof *handle);
  if (!handle)
    return NULL;
  handle->env = env;
  handle->references = 1;
  handle->is_open = napi_add_env_cleanup_hook(env, stop_with_environment, handle) == napi_ok;
  return handle;
}

void qp_handle_release(struct qp_handle *handle)
{
  if (--handle->references > 0)
    return;
  if (handle->forwarder)
    qp_forwarder_destroy(handle->forwarder);
  free(handle);
}

void qp_handle_close(struct qp_handle *handle)
{
  if (!handle->is_open)
    return;
  stop_with_environment(handle);
  napi_remove_env_cleanup_hook(handle->env, stop_with_environment, handle);
  if (handle->wake)
    napi_release_threadsafe_function(handle->wake, napi_tsfn_abort);
  napi_ref *kept[] = { &handle->self, &handle->on_stun, &handle->on_error, &handle->clock };
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
    if (*kept[i])
      napi_delete_reference(handle->env, *kept[i]);
}

static void finalize_array(napi_env env, void *data, void *hint)
{
  (void)env, (void)data;
  qp_handle_release(hint);
}

napi_value qp_handle_counters(napi_env env, struct qp_handle *handle, __u64 *counters, size_t count)
{
  napi_value buffer, array;
  handle->references++;
  if (napi_create_external_arraybuffer(env, counters, count * sizeof *counters, finalize_array, handle, &buffer) !=
      napi_ok) {
    qp_handle_release(handle);
    return qp_throw(env, "ENOMEM", "napi_create_external_arraybuffer");
  }
  if (napi_create_typedarray(env, napi_biguint64_array, count, buffer, 0, &array) != napi_ok)
    return qp_throw(env, "ENOMEM", "napi_create_typedarray");
  return array;
}

napi_value qp_handle_call(napi_env env, napi_callback_info info)
{
  struct qp_call call = qp_call_begin(env, info);
  void *handle;
  if (call.has_failed || napi_unwrap(env, call.self, &handle) != napi_ok)
    return qp_throw_arguments(env);
  napi_value result = ((qp_method *)call.data)(&call, handle);
  return call.has_failed ? qp_throw_arguments(env) : result;
}

struct qp_sessions *qp_handle_sessions(const struct qp_handle *handle)
{
  return &handle->forwarder->tables.sessions;
}

/**
 * Tells the garbage collector how much memory the small object keeps; otherwise a thousand of them would pile up first.
 */
static void account_for(napi_env env, const struct qp_handle *handle, int sign)
{
  int64_t total;
  napi_adjust_external_memory(env, sign * (int64_t)qp_forwarder_thread_bytes(handle->forwarder), &total);
}

static void finalize_object(napi_env env, void *data, void *hint)
{
  (void)hint;
  account_for(env, data, -1);
  qp_handle_close(data);
  qp_handle_release(data);
}

static bool define(napi_env env, napi_value object, const napi_property_descriptor *methods, size_t count)
{
  return napi_define_properties(env, object, count, methods) == napi_ok;
}

napi_value qp_handle_object(napi_env env, struct qp_handle *handle)
{
  napi_value object;
  handle->references++;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_wrap(env, object, handle, finalize_object, NULL, NULL) != napi_ok) {
    qp_handle_release(handle);
    return qp_throw(env, "ENOMEM", "napi_wrap");
  }
  account_for(env, handle, 1);
  if (!define(env, object, qp_session_methods, qp_session_method_count) ||
      !define(env, object, qp_bucket_methods, qp_bucket_method_count) ||
      !define(env, object, qp_kernel_methods, qp_kernel_method_count) ||
      !define(env, object, qp_forwarder_methods, qp_forwarder_method_count) ||
      napi_create_reference(env, object, 1, &handle->self) != napi_ok)
    return qp_throw(env, "ENOMEM", "napi_define_properties");
  return object;
}
