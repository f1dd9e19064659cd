#include "delivery.h"

#include <arpa/inet.h>
#include <stdlib.h>

/** Tells JavaScript's thread that there are reports. Any I/O thread. */
void qp_delivery_wake(void *context)
{
  struct qp_handle *handle = context;
  napi_call_threadsafe_function(handle->wake, NULL, napi_tsfn_nonblocking);
}

static void deliver(napi_env env, napi_value on_stun, napi_value on_error, const struct qp_report *report)
{
  napi_value buffer, arguments[3];
  void *data;
  if (report->error) {
    arguments[0] = qp_text(env, qp_error_name(report->error));
    arguments[1] = qp_text(env, report->call);
    napi_call_function(env, qp_undefined(env), on_error, 2, arguments, NULL);
    return;
  }
  char ip[QP_IP_TEXT_BYTES];
  qp_format_ip(&report->source, ip);
  if (napi_create_arraybuffer(env, report->length, &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint8_array, report->length, buffer, 0, &arguments[0]) != napi_ok)
    return;
  memcpy(data, report->data, report->length);
  arguments[1] = qp_text(env, ip);
  arguments[2] = qp_number(env, ntohs(report->source.port));
  napi_call_function(env, qp_undefined(env), on_stun, 3, arguments, NULL);
}

/** On JavaScript's thread. An exception in a callback ends the delivery; Node reports it as uncaught. */
void qp_deliver_reports(napi_env env, napi_value on_stun, void *context, void *data)
{
  (void)data;
  struct qp_handle *handle = context;
  napi_value on_error = NULL;
  /* Node clears the queue of a function that was released; the handle may be gone by then. */
  if (!env || !handle->is_open)
    return;
  bool may_deliver = napi_get_reference_value(env, handle->on_error, &on_error) == napi_ok;
  for (struct qp_report *report = qp_reports_take(&handle->forwarder->tables.reports), *next; report; report = next) {
    next = report->next;
    /* A callback may have closed the forwarder. */
    if (may_deliver && handle->is_open)
      deliver(env, on_stun, on_error, report);
    free(report);
  }
}
