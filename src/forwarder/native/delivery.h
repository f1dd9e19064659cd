/* Brings the reports of the I/O threads to JavaScript. */
#ifndef QP_DELIVERY_H
#define QP_DELIVERY_H

#include "handle.h"

/** Any I/O thread: tells JavaScript's thread that there are reports; `context` is the handle. */
void qp_delivery_wake(void *context);
/** JavaScript's thread: hands them to the callbacks; a `napi_threadsafe_function_call_js`. */
void qp_deliver_reports(napi_env env, napi_value on_stun, void *context, void *data);

#endif
