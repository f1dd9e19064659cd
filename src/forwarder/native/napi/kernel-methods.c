#include <linux/if_link.h>
#include <string.h>

#include "../../../xdp/native/attach/attachments.h"
#include "../../../xdp/native/calls.h"
#include "../../../xdp/native/maps.h"
#include "handle.h"

enum {
  /** Capacity of the maps `local_addresses` and `redirect_targets`. */
  AT_MOST = 256,
};

/** Returns the kernel's tables; fails the call if the forwarder has none. */
static struct qp_kernel *kernel_of(struct qp_call *call, const struct qp_handle *handle)
{
  qp_expect(call, handle->forwarder->has_kernel);
  return &handle->forwarder->kernel;
}

/** Reads "native" or "generic" as XDP_FLAGS_*; anything else fails the call. */
static uint32_t read_mode(struct qp_call *call, napi_value value)
{
  char mode[sizeof "generic" + 1];
  qp_read_text(call, value, mode, sizeof mode);
  if (strcmp(mode, "native") == 0)
    return XDP_FLAGS_DRV_MODE;
  qp_expect(call, strcmp(mode, "generic") == 0);
  return XDP_FLAGS_SKB_MODE;
}

static napi_value attach(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t interface_index = qp_read_uint32(call, call->arguments[0]);
  uint32_t flags = read_mode(call, call->arguments[1]);
  struct qp_kernel *kernel = kernel_of(call, handle);
  if (call->has_failed)
    return NULL;
  int error = -qp_kernel_attach(kernel, interface_index, flags);
  return error ? qp_throw(call->env, qp_error_name(error), "bpf") : NULL;
}

static napi_value detach(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t interface_index = qp_read_uint32(call, call->arguments[0]);
  struct qp_kernel *kernel = kernel_of(call, handle);
  if (!call->has_failed)
    qp_kernel_detach(kernel, interface_index);
  return NULL;
}

/** Returns the number of elements to read from an array, at most the capacity of the kernel's maps. */
static uint32_t read_count(struct qp_call *call, napi_value array)
{
  uint32_t length = 0;
  qp_expect(call, napi_get_array_length(call->env, array, &length) == napi_ok);
  return length < AT_MOST ? length : AT_MOST;
}

static napi_value element(struct qp_call *call, napi_value array, uint32_t i)
{
  napi_value value = NULL;
  qp_expect(call, napi_get_element(call->env, array, i, &value) == napi_ok);
  return value;
}

static napi_value set_local_addresses(struct qp_call *call, struct qp_handle *handle)
{
  struct qp_ip ips[AT_MOST];
  uint32_t count = read_count(call, call->arguments[0]);
  for (uint32_t i = 0; !call->has_failed && i < count; i++) {
    ips[i] = qp_read_local(call, element(call, call->arguments[0], i));
    qp_expect(call, qp_is_local_known(&ips[i]));
  }
  struct qp_kernel *kernel = kernel_of(call, handle);
  if (!call->has_failed)
    qp_kernel_set_local_addresses(kernel, ips, count);
  return NULL;
}

static napi_value set_redirect_targets(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t interface_indexes[AT_MOST];
  uint32_t count = read_count(call, call->arguments[0]);
  for (uint32_t i = 0; !call->has_failed && i < count; i++)
    interface_indexes[i] = qp_read_uint32(call, element(call, call->arguments[0], i));
  struct qp_kernel *kernel = kernel_of(call, handle);
  if (!call->has_failed)
    qp_kernel_set_redirect_targets(kernel, interface_indexes, count);
  return NULL;
}

static napi_value kernel_error(struct qp_call *call, struct qp_handle *handle)
{
  return qp_error_text(call->env, handle->forwarder->kernel_error);
}

static napi_value pin_error(struct qp_call *call, struct qp_handle *handle)
{
  return qp_error_text(call->env, kernel_of(call, handle)->pin_error);
}

static napi_value program_id(struct qp_call *call, struct qp_handle *handle)
{
  const struct qp_kernel *kernel = kernel_of(call, handle);
  struct bpf_prog_info program = { 0 };
  if (call->has_failed)
    return NULL;
  int error = -qp_bpf_describe(kernel->program, &program, sizeof program);
  return error ? qp_throw(call->env, qp_error_name(error), "bpf") : qp_number(call->env, program.id);
}

static napi_value refused_routes(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, (double)kernel_of(call, handle)->refused_routes);
}

static napi_value totals(struct qp_call *call, struct qp_handle *handle)
{
  const struct qp_kernel *kernel = kernel_of(call, handle);
  if (call->has_failed)
    return NULL;
  const size_t words = kernel->processor_count * sizeof *kernel->by_processor / sizeof(__u64);
  return qp_handle_counters(call->env, handle, kernel->by_processor->totals, words);
}

const napi_property_descriptor qp_kernel_methods[] = {
  QP_METHOD("attach", attach),
  QP_METHOD("detach", detach),
  QP_METHOD("setLocalAddresses", set_local_addresses),
  QP_METHOD("setRedirectTargets", set_redirect_targets),
  QP_GETTER("kernelError", kernel_error),
  QP_GETTER("pinError", pin_error),
  QP_GETTER("programId", program_id),
  QP_GETTER("refusedRoutes", refused_routes),
  QP_GETTER("totals", totals),
};
const size_t qp_kernel_method_count = sizeof qp_kernel_methods / sizeof qp_kernel_methods[0];
