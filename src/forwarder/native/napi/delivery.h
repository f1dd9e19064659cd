/* Delivers the reports of the I/O threads to JavaScript. */
#ifndef QP_DELIVERY_H
#define QP_DELIVERY_H

#include "handle.h"

/** Any I/O thread: tells the JavaScript thread that there are reports. `context` is the handle. */
void qp_delivery_wake(void *context);
/** `NativeHandle.deliver`: passes up to `max` reports to the callbacks. */
napi_value qp_deliver(napi_env env, napi_callback_info info);

#endif
