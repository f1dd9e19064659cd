/*
 * The arguments of one call from JavaScript as C values. A value of the wrong type marks the call as failed. The called
 * function checks that once, after reading all arguments.
 */
#ifndef QP_CALL_H
#define QP_CALL_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

#include "../memory/address.h"

enum { QP_MAX_ARGUMENTS = 6 };

struct qp_call {
  napi_env env;
  napi_value self;
  napi_value arguments[QP_MAX_ARGUMENTS];
  /** The data of the property that was called. */
  void *data;
  bool has_failed;
};

struct qp_bytes {
  uint8_t *data;
  size_t length;
};

struct qp_call qp_call_begin(napi_env env, napi_callback_info info);
/** Fails the call unless `condition` holds. */
void qp_expect(struct qp_call *call, bool condition);

/** Reads a number of at least 0; NaN and negative numbers fail the call. */
double qp_read_amount(struct qp_call *call, napi_value value);
/** Reads milliseconds, clamped to the range of an `int64_t`; NaN fails the call. */
int64_t qp_read_ms(struct qp_call *call, napi_value value);
uint32_t qp_read_uint32(struct qp_call *call, napi_value value);
bool qp_read_bool(struct qp_call *call, napi_value value);
struct qp_bytes qp_read_bytes(struct qp_call *call, napi_value value);
/** Reads text, truncated to `bytes` with its terminator. */
void qp_read_text(struct qp_call *call, napi_value value, char *text, size_t bytes);
/** Reads an IP literal, truncated to the length of the longest one. */
void qp_read_ip(struct qp_call *call, napi_value value, char text[QP_IP_TEXT_BYTES]);
/** Reads an IP literal and a port; false, without failing the call, if no literal is given. */
bool qp_read_address(struct qp_call *call, napi_value ip, napi_value port, struct qp_address *address);
/** Reads an IP literal of this host; all zero if none is given. */
struct qp_ip qp_read_local(struct qp_call *call, napi_value ip);
napi_value qp_property(struct qp_call *call, napi_value object, const char *name);
/** Reports whether the value is neither `undefined` nor `null`. */
bool qp_is_given(struct qp_call *call, napi_value value);

napi_value qp_undefined(napi_env env);
napi_value qp_boolean(napi_env env, bool value);
napi_value qp_number(napi_env env, double value);
napi_value qp_text(napi_env env, const char *text);
/** Returns a copy as a Uint8Array; null if out of memory. */
napi_value qp_byte_array(napi_env env, const uint8_t *bytes, size_t length);
/** `{ address, port }`. */
napi_value qp_address_object(napi_env env, const struct qp_address *address);
/** Returns the IP literal; `undefined` if the address is zero. */
napi_value qp_local_text(napi_env env, const struct qp_ip *local);
/** `{ address, port, local }`. */
napi_value qp_path_object(napi_env env, const struct qp_path *path);

/** Returns the name of an `errno`, such as "EADDRINUSE". */
const char *qp_error_name(int error);
/** Returns the name of an `errno` as text; `undefined` for 0. */
napi_value qp_error_text(napi_env env, int error);
/** Throws an `Error` with `code` and, if not null, `syscall`. Returns null. */
napi_value qp_throw(napi_env env, const char *code, const char *syscall);
/** Throws EINVAL, for a call whose arguments have failed. */
napi_value qp_throw_arguments(napi_env env);

#endif
