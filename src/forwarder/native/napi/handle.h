/* A forwarder as JavaScript holds it. */
#ifndef QP_HANDLE_H
#define QP_HANDLE_H

#include <node_api.h>
#include <stdbool.h>

#include "../forwarder.h"
#include "call.h"

struct qp_handle {
  napi_env env;
  struct qp_forwarder *forwarder;
  /** Tells JavaScript's thread that there are reports. */
  napi_threadsafe_function wake;
  /** Kept while the forwarder is open: the object itself, its callbacks for what is reported, and its clock, if it has one. */
  napi_ref self, on_stun, on_error, clock;
  bool is_open;
  /** The object, and each array that shows memory of the forwarder. Freed with the last. */
  unsigned references;
};

/** A handle that the caller holds one reference to, its forwarder and callbacks still to come; null without memory. */
struct qp_handle *qp_handle_create(napi_env env);

/** Opens the handle's life in JavaScript: makes the object, whose `NativeHandle` methods src/forwarder/native/addon.ts tells. */
napi_value qp_handle_object(napi_env env, struct qp_handle *handle);

/** Ends the threads and gives back what the event loop holds. Idempotent. */
void qp_handle_close(struct qp_handle *handle);
void qp_handle_release(struct qp_handle *handle);

/** A call of a method: its handle. The call has failed if `this` is none. */
struct qp_handle *qp_handle_begin(napi_env env, napi_callback_info info, struct qp_call *call);
struct qp_sessions *qp_handle_sessions(const struct qp_handle *handle);
/** The id of a bucket that is held; anything else fails the call. */
uint32_t qp_read_bucket(struct qp_call *call, const struct qp_handle *handle, napi_value value);

#define QP_METHOD(name, function) { .utf8name = name, .method = function, .attributes = napi_default_method }
#define QP_GETTER(name, function) { .utf8name = name, .getter = function, .attributes = napi_enumerable }

/** The methods of `NativeHandle`: about sessions, about their buckets, about what the kernel forwards, and the others. */
extern const napi_property_descriptor qp_session_methods[], qp_bucket_methods[], qp_kernel_methods[],
  qp_forwarder_methods[];
extern const size_t qp_session_method_count, qp_bucket_method_count, qp_kernel_method_count, qp_forwarder_method_count;

/** 64-bit counters as a live BigUint64Array that keeps the forwarder's memory. */
napi_value qp_handle_counters(napi_env env, struct qp_handle *handle, __u64 *counters, size_t count);

#endif
