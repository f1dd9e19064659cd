#include "call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>

struct qp_call qp_call_begin(napi_env env, napi_callback_info info)
{
  struct qp_call call = { .env = env };
  size_t count = QP_MAX_ARGUMENTS;
  call.has_failed = napi_get_cb_info(env, info, &count, call.arguments, &call.self, &call.data) != napi_ok;
  return call;
}

void qp_expect(struct qp_call *call, bool condition)
{
  call->has_failed |= !condition;
}

/** Reads a number. NaN fails the call and yields 0. */
static double read_number(struct qp_call *call, napi_value value)
{
  double number = NAN;
  qp_expect(call, napi_get_value_double(call->env, value, &number) == napi_ok && !isnan(number));
  return isnan(number) ? 0 : number;
}

double qp_read_amount(struct qp_call *call, napi_value value)
{
  double number = read_number(call, value);
  qp_expect(call, number >= 0);
  return number;
}

int64_t qp_read_ms(struct qp_call *call, napi_value value)
{
  double ms = read_number(call, value);
  if (ms >= 0x1p63)
    return INT64_MAX;
  return ms < -0x1p63 ? INT64_MIN : (int64_t)ms;
}

uint32_t qp_read_uint32(struct qp_call *call, napi_value value)
{
  double number = read_number(call, value);
  bool is_in_range = number >= 0 && number <= UINT32_MAX;
  qp_expect(call, is_in_range);
  return is_in_range ? (uint32_t)number : 0;
}

bool qp_read_bool(struct qp_call *call, napi_value value)
{
  bool truth = false;
  qp_expect(call, napi_get_value_bool(call->env, value, &truth) == napi_ok);
  return truth;
}

struct qp_bytes qp_read_bytes(struct qp_call *call, napi_value value)
{
  struct qp_bytes bytes = { 0 };
  napi_typedarray_type type;
  void *data = NULL;
  bool is_array = napi_get_typedarray_info(call->env, value, &type, &bytes.length, &data, NULL, NULL) == napi_ok;
  qp_expect(call, is_array && type == napi_uint8_array);
  bytes.data = data;
  return call->has_failed ? (struct qp_bytes){ 0 } : bytes;
}

void qp_read_text(struct qp_call *call, napi_value value, char *text, size_t bytes)
{
  size_t length;
  text[0] = '\0';
  qp_expect(call, napi_get_value_string_utf8(call->env, value, text, bytes, &length) == napi_ok);
}

void qp_read_ip(struct qp_call *call, napi_value value, char text[QP_IP_TEXT_BYTES])
{
  qp_read_text(call, value, text, QP_IP_TEXT_BYTES);
}

bool qp_read_address(struct qp_call *call, napi_value ip, napi_value port, struct qp_address *address)
{
  char text[QP_IP_TEXT_BYTES];
  if (!qp_is_given(call, ip))
    return false;
  qp_read_ip(call, ip, text);
  uint32_t number = qp_read_uint32(call, port);
  qp_expect(call, number <= UINT16_MAX && qp_parse_address(text, (uint16_t)number, address));
  return !call->has_failed;
}

struct qp_ip qp_read_local(struct qp_call *call, napi_value value)
{
  char text[QP_IP_TEXT_BYTES];
  struct qp_address address = { 0 };
  struct qp_ip ip;
  if (qp_is_given(call, value)) {
    qp_read_ip(call, value, text);
    qp_expect(call, !call->has_failed && qp_parse_address(text, 0, &address));
  }
  memcpy(&ip, address.ip, sizeof ip);
  return ip;
}

napi_value qp_property(struct qp_call *call, napi_value object, const char *name)
{
  napi_value value = NULL;
  napi_valuetype type = napi_undefined;
  /* Without an object V8 would throw an error of its own. */
  qp_expect(call, napi_typeof(call->env, object, &type) == napi_ok && type == napi_object &&
                    napi_get_named_property(call->env, object, name, &value) == napi_ok);
  return value;
}

bool qp_is_given(struct qp_call *call, napi_value value)
{
  napi_valuetype type = napi_undefined;
  qp_expect(call, napi_typeof(call->env, value, &type) == napi_ok);
  return type != napi_undefined && type != napi_null;
}

napi_value qp_undefined(napi_env env)
{
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

napi_value qp_boolean(napi_env env, bool truth)
{
  napi_value value = NULL;
  napi_get_boolean(env, truth, &value);
  return value;
}

napi_value qp_number(napi_env env, double number)
{
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

napi_value qp_text(napi_env env, const char *text)
{
  napi_value value = NULL;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

napi_value qp_byte_array(napi_env env, const uint8_t *bytes, size_t length)
{
  napi_value buffer, array;
  void *data;
  if (napi_create_arraybuffer(env, length, &data, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array) != napi_ok)
    return NULL;
  memcpy(data, bytes, length);
  return array;
}

napi_value qp_address_object(napi_env env, const struct qp_address *address)
{
  char text[QP_IP_TEXT_BYTES];
  napi_value object = NULL;
  qp_format_ip(address, text);
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "address", qp_text(env, text));
  napi_set_named_property(env, object, "port", qp_number(env, ntohs(address->port)));
  return object;
}

napi_value qp_local_text(napi_env env, const struct qp_ip *local)
{
  char text[QP_IP_TEXT_BYTES];
  if (!qp_is_local_known(local))
    return qp_undefined(env);
  qp_format_local(local, text);
  return qp_text(env, text);
}

napi_value qp_path_object(napi_env env, const struct qp_path *path)
{
  napi_value object = qp_address_object(env, &path->peer);
  napi_set_named_property(env, object, "local", qp_local_text(env, &path->local));
  return object;
}

/* clang-format off */
const char *qp_error_name(int error)
{
  switch (error) {
#define QP_NAME(name) case name: return #name;
  QP_NAME(E2BIG) QP_NAME(EACCES) QP_NAME(EADDRINUSE) QP_NAME(EADDRNOTAVAIL) QP_NAME(EAFNOSUPPORT)
  QP_NAME(EAGAIN) QP_NAME(EBADF) QP_NAME(EBUSY) QP_NAME(EEXIST) QP_NAME(EHOSTUNREACH) QP_NAME(EINVAL)
  QP_NAME(EIO) QP_NAME(EMFILE) QP_NAME(EMSGSIZE) QP_NAME(ENETDOWN) QP_NAME(ENETUNREACH) QP_NAME(ENFILE)
  QP_NAME(ENOBUFS) QP_NAME(ENODEV) QP_NAME(ENOENT) QP_NAME(ENOMEM) QP_NAME(ENOPROTOOPT) QP_NAME(ENOSPC)
  QP_NAME(ENOSYS) QP_NAME(ENOTDIR) QP_NAME(ENXIO) QP_NAME(EOPNOTSUPP) QP_NAME(EPERM) QP_NAME(ERANGE)
#undef QP_NAME
  default:
    return "EUNKNOWN";
  }
}
/* clang-format on */

napi_value qp_error_text(napi_env env, int error)
{
  return error ? qp_text(env, qp_error_name(error)) : qp_undefined(env);
}

napi_value qp_throw(napi_env env, const char *code, const char *syscall)
{
  napi_value error;
  if (napi_create_error(env, qp_text(env, code), qp_text(env, code), &error) != napi_ok)
    return NULL;
  if (syscall)
    napi_set_named_property(env, error, "syscall", qp_text(env, syscall));
  napi_throw(env, error);
  return NULL;
}

napi_value qp_throw_arguments(napi_env env)
{
  return qp_throw(env, "EINVAL", NULL);
}
