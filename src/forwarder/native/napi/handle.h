/* The JavaScript handle of a forwarder. */
#ifndef QP_HANDLE_H
#define QP_HANDLE_H

#include <node_api.h>
#include <stdbool.h>

#include "../forwarder.h"
#include "call.h"

struct qp_handle {
  napi_env env;
  struct qp_forwarder *forwarder;
  /** Tells the JavaScript thread that there are upcalls. */
  napi_threadsafe_function wake;
  /**
   * Kept while the forwarder is open: the object itself, the callbacks for its upcalls, and its clock, if it has one.
   */
  napi_ref self, on_stun, on_error, clock;
  bool is_open;
  /** Held by the creator, the object, and each array of the forwarder's memory. The last frees the handle. */
  unsigned references;
};

/** Creates a handle, still without forwarder and callbacks. The caller holds one reference. Null if out of memory. */
struct qp_handle *qp_handle_create(napi_env env);

/**
 * Creates the JavaScript object of the handle. Its methods are those of `NativeHandle` in
 * src/forwarder/native/addon.ts.
 */
napi_value qp_handle_object(napi_env env, struct qp_handle *handle);

/** Ends the threads and releases everything that the event loop holds. Idempotent. */
void qp_handle_close(struct qp_handle *handle);
void qp_handle_release(struct qp_handle *handle);

/** A method or getter of the object. Null stands for `undefined`. */
typedef napi_value qp_method(struct qp_call *call, struct qp_handle *handle);
/** Calls the method that is the data of the property. Throws EINVAL if `this` is not a handle, or if the call fails. */
napi_value qp_handle_call(napi_env env, napi_callback_info info);
struct qp_sessions *qp_handle_sessions(const struct qp_handle *handle);
/** Reads the id of a bucket that is held; anything else fails the call. */
uint32_t qp_read_bucket(struct qp_call *call, const struct qp_handle *handle, napi_value value);

/* clang-format off */
#define QP_METHOD(name, function) { .utf8name = name, .method = qp_handle_call, .attributes = napi_default_method, .data = function }
#define QP_GETTER(name, function) { .utf8name = name, .getter = qp_handle_call, .attributes = napi_enumerable, .data = function }
/* clang-format on */

/** The methods of `NativeHandle`: for sessions, for their buckets, for forwarding in the kernel, and all others. */
extern const napi_property_descriptor qp_session_methods[], qp_bucket_methods[], qp_kernel_methods[],
  qp_forwarder_methods[];
extern const size_t qp_session_method_count, qp_bucket_method_count, qp_kernel_method_count, qp_forwarder_method_count;

/** `NativeHandle.deliver`: passes up to `max` upcalls to the callbacks. */
qp_method qp_deliver_upcalls;
/** Any I/O thread: tells the JavaScript thread that there are upcalls. `context` is the handle. */
void qp_upcall_wake(void *context);

/** `Addon.links` of src/forwarder/native/addon.ts. */
napi_value qp_read_links(napi_env env, napi_callback_info info);
/** `Addon.readPins` and `Addon.removePins` of src/forwarder/native/addon.ts. */
napi_value qp_read_pins(napi_env env, napi_callback_info info);
napi_value qp_remove_pins(napi_env env, napi_callback_info info);
/** `Addon.trimMemory` of src/forwarder/native/addon.ts. */
napi_value qp_trim_memory(napi_env env, napi_callback_info info);
/** `deriveConnectionIds(key, into, first)`. */
napi_value qp_derive_connection_ids(napi_env env, napi_callback_info info);

/** Returns 64-bit counters as a live BigUint64Array that keeps the forwarder's memory. */
napi_value qp_handle_counters(napi_env env, struct qp_handle *handle, __u64 *counters, size_t count);

#endif
