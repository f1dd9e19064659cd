#include <arpa/inet.h>
#include <stdlib.h>

#include "handle.h"

void qp_upcall_wake(void *context)
{
  struct qp_handle *handle = context;
  napi_call_threadsafe_function(handle->wake, NULL, napi_tsfn_nonblocking);
}

static void deliver(napi_env env, napi_value on_stun, napi_value on_error, const struct qp_upcall *upcall)
{
  napi_value arguments[4];
  if (upcall->error) {
    arguments[0] = qp_text(env, qp_error_name(upcall->error));
    arguments[1] = qp_text(env, upcall->call);
    napi_call_function(env, qp_undefined(env), on_error, 2, arguments, NULL);
    return;
  }
  char ip[QP_IP_TEXT_BYTES];
  qp_format_ip(&upcall->path.peer, ip);
  arguments[0] = qp_byte_array(env, upcall->data, upcall->length);
  if (!arguments[0])
    return;
  arguments[1] = qp_text(env, ip);
  arguments[2] = qp_number(env, ntohs(upcall->path.peer.port));
  arguments[3] = qp_local_text(env, &upcall->path.local);
  napi_call_function(env, qp_undefined(env), on_stun, 4, arguments, NULL);
}

/** Takes one upcall at a time, so that those after a callback that throws stay for the next call. */
static napi_value deliver_all(napi_env env, struct qp_handle *handle, uint32_t max)
{
  napi_value on_stun, on_error;
  bool has_some = false, has_thrown = false;
  if (!handle->is_open)
    return qp_boolean(env, false);
  if (napi_get_reference_value(env, handle->on_stun, &on_stun) != napi_ok ||
      napi_get_reference_value(env, handle->on_error, &on_error) != napi_ok)
    return NULL;
  /* A callback may have closed the forwarder. */
  for (; max > 0 && handle->is_open; max--) {
    struct qp_upcall *upcall = qp_upcalls_take(&handle->forwarder->tables.upcalls, 1);
    if (!upcall)
      break;
    has_some = true;
    deliver(env, on_stun, on_error, upcall);
    free(upcall);
    if (napi_is_exception_pending(env, &has_thrown) != napi_ok || has_thrown)
      return NULL;
  }
  return qp_boolean(env, has_some);
}

napi_value qp_deliver_upcalls(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t max = qp_read_uint32(call, call->arguments[0]);
  return call->has_failed ? NULL : deliver_all(call->env, handle, max);
}
