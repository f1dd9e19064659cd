/* Delivers the upcalls of the I/O threads to JavaScript. */
#ifndef QP_UPCALL_METHODS_H
#define QP_UPCALL_METHODS_H

#include "handle.h"

/** Any I/O thread: tells the JavaScript thread that there are upcalls. `context` is the handle. */
void qp_upcall_wake(void *context);
/** `NativeHandle.deliver`: passes up to `max` upcalls to the callbacks. */
napi_value qp_deliver_upcalls(napi_env env, napi_callback_info info);

#endif
