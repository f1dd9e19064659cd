#include <limits.h>

#include "../../../xdp/native/program.h"
#include "handle.h"

/** Version of the interface to JavaScript: `addonAbi` of src/forwarder/native/addon.ts. */
#define QP_ADDON_ABI 3

static double read_amount(struct qp_call *call, napi_value object, const char *name)
{
  return qp_read_amount(call, qp_property(call, object, name));
}

static int64_t read_ms(struct qp_call *call, napi_value object, const char *name)
{
  return qp_read_ms(call, qp_property(call, object, name));
}

static uint32_t read_uint32(struct qp_call *call, napi_value object, const char *name)
{
  return qp_read_uint32(call, qp_property(call, object, name));
}

static uint32_t read_up_to(struct qp_call *call, napi_value object, const char *name, uint32_t max)
{
  uint32_t number = read_uint32(call, object, name);
  qp_expect(call, number <= max);
  return number;
}

static napi_value read_function(struct qp_call *call, napi_value object, const char *name)
{
  napi_value function = qp_property(call, object, name);
  napi_valuetype type = napi_undefined;
  qp_expect(call, napi_typeof(call->env, function, &type) == napi_ok && type == napi_function);
  return function;
}

static struct qp_place_limits read_places(struct qp_call *call, napi_value places)
{
  return (struct qp_place_limits){
    .max = read_uint32(call, places, "max"),
    .max_on_probation = read_uint32(call, places, "maxOnProbation"),
    .max_settled = read_uint32(call, places, "maxSettled"),
    .max_strangers = read_uint32(call, places, "maxStrangers"),
    .max_of_share = read_uint32(call, places, "maxOfShare"),
    .per_second = read_amount(call, places, "perSecond"),
    .burst = read_amount(call, places, "burst"),
    .share_per_second = read_amount(call, places, "sharePerSecond"),
  };
}

static struct qp_splice_options read_splice(struct qp_call *call, napi_value config)
{
  return (struct qp_splice_options){
    .places = read_places(call, qp_property(call, config, "places")),
    .idle_ms = read_ms(call, config, "gatewayIdleMs"),
    .new_idle_ms = read_ms(call, config, "gatewayNewIdleMs"),
    .presence_ms = read_ms(call, config, "gatewayPresenceMs"),
    .rest_ms = read_ms(call, config, "virtualAddressRestMs"),
  };
}

static struct qp_stun_options read_stun(struct qp_call *call, napi_value stun)
{
  return (struct qp_stun_options){
    .per_source = read_amount(call, stun, "perSource"),
    .per_registration = read_amount(call, stun, "perRegistration"),
    .per_registration_elsewhere = read_amount(call, stun, "perRegistrationElsewhere"),
    .per_subject = read_amount(call, stun, "perSubject"),
    .per_subject_elsewhere = read_amount(call, stun, "perSubjectElsewhere"),
    .per_kind = read_amount(call, stun, "perKind"),
    .burst_of_kind = read_amount(call, stun, "burstOfKind"),
    .sources = read_uint32(call, stun, "sources"),
    .max_bytes = read_uint32(call, stun, "maxBytes"),
    .max_waiting = read_uint32(call, stun, "maxWaiting"),
    .max_waiting_of_kind = read_uint32(call, stun, "maxWaitingOfKind"),
    .max_waiting_of_subject = read_uint32(call, stun, "maxWaitingOfSubject"),
    .nonce_life_ms = read_ms(call, stun, "nonceLifeMs"),
  };
}

/** Reads the options in `config`. Fails the call if one is of the wrong type. */
static struct qp_forwarder_options read_options(struct qp_call *call, napi_value config, char host[QP_IP_TEXT_BYTES],
                                                char upstream[QP_IP_TEXT_BYTES])
{
  napi_value upstream_address = qp_property(call, config, "upstreamAddress");
  qp_read_ip(call, qp_property(call, config, "host"), host);
  bool has_upstream = qp_is_given(call, upstream_address);
  if (has_upstream)
    qp_read_ip(call, upstream_address, upstream);
  const struct qp_forwarder_options options = {
    .host = host,
    .port = (uint16_t)read_up_to(call, config, "port", UINT16_MAX),
    .threads = read_uint32(call, config, "threads"),
    .socket = { .buffer_bytes = (int)read_up_to(call, config, "socketBufferBytes", INT_MAX) },
    .may_segment = true,
    .max_sessions = read_uint32(call, config, "maxSessions"),
    .max_buckets = read_uint32(call, config, "maxBuckets"),
    .is_sender_checked = qp_read_bool(call, qp_property(call, config, "sourceRegistered")),
    .upstream_host = has_upstream ? upstream : NULL,
    .upstream_port = has_upstream ? (uint16_t)read_up_to(call, config, "upstreamPort", UINT16_MAX) : 0,
    .splice = read_splice(call, config),
    .stun = read_stun(call, qp_property(call, config, "stun")),
    .sweep_interval_ms = read_ms(call, config, "sweepIntervalMs"),
    .epoch_ms = read_ms(call, config, "epochMs"),
  };
  call->has_failed |= options.threads < 1 || options.threads > QP_MAX_THREADS || options.stun.sources < 1;
  return options;
}

/** Reads the options of the kernel's tables, with the path in `pin`; null if none are requested. */
static const struct qp_kernel_options *read_kernel(struct qp_call *call, napi_value config,
                                                   const struct qp_forwarder_options *forwarder,
                                                   struct qp_kernel_options *options, char pin[PATH_MAX])
{
  napi_value kernel = qp_property(call, config, "kernel");
  if (!qp_is_given(call, kernel))
    return NULL;
  napi_value path = qp_property(call, kernel, "pin");
  bool is_pinned = qp_is_given(call, path);
  if (is_pinned)
    qp_read_text(call, path, pin, PATH_MAX);
  *options = (struct qp_kernel_options){
    .max_routes = read_uint32(call, kernel, "maxRoutes"),
    .max_sessions = forwarder->max_sessions,
    .max_buckets = forwarder->max_buckets,
    .pin_path = is_pinned ? pin : NULL,
  };
  return options;
}

/**
 * Returns the memory of a `BigInt64Array` of at least one element, kept alive by `reference`; null if none is given.
 */
static const _Atomic int64_t *read_clock(struct qp_call *call, napi_value config, napi_ref *reference)
{
  napi_value clock = qp_property(call, config, "clock");
  napi_typedarray_type type;
  size_t length = 0;
  void *data = NULL;
  if (!qp_is_given(call, clock))
    return NULL;
  if (napi_get_typedarray_info(call->env, clock, &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_bigint64_array || length < 1 || napi_create_reference(call->env, clock, 1, reference) != napi_ok)
    call->has_failed = true;
  return data;
}

/** Takes the callbacks. From here on JavaScript is told of upcalls. */
static bool connect_callbacks(struct qp_call *call, struct qp_handle *handle, napi_value config)
{
  napi_env env = call->env;
  napi_value on_upcalls = read_function(call, config, "onUpcalls");
  napi_value on_stun = read_function(call, config, "onStun");
  napi_value on_error = read_function(call, config, "onError");
  return !call->has_failed && napi_create_reference(env, on_stun, 1, &handle->on_stun) == napi_ok &&
         napi_create_reference(env, on_error, 1, &handle->on_error) == napi_ok &&
         napi_create_threadsafe_function(env, on_upcalls, NULL, qp_text(env, "quicpipe"), 0, 1, NULL, NULL, NULL, NULL,
                                         &handle->wake) == napi_ok;
}

/** Starts the forwarder. Returns the object, or throws; the caller then closes the handle. */
static napi_value open_handle(struct qp_call *call, struct qp_handle *handle, napi_value config,
                              struct qp_forwarder_options *options)
{
  struct qp_failure failure;
  options->clock = read_clock(call, config, &handle->clock);
  if (!connect_callbacks(call, handle, config))
    return qp_throw(call->env, call->has_failed ? "EINVAL" : "ENOMEM", NULL);
  handle->forwarder = qp_forwarder_create(options);
  if (!handle->forwarder)
    return qp_throw(call->env, "ENOMEM", NULL);
  if (!qp_forwarder_start(handle->forwarder, options, &failure))
    return qp_throw(call->env, qp_error_name(failure.error), failure.call);
  return qp_handle_object(call->env, handle);
}

static napi_value open_forwarder(napi_env env, napi_callback_info info)
{
  struct qp_call call = qp_call_begin(env, info);
  napi_value config = call.arguments[0];
  char host[QP_IP_TEXT_BYTES], upstream[QP_IP_TEXT_BYTES];
  char pin[PATH_MAX];
  struct qp_forwarder_options options = read_options(&call, config, host, upstream);
  struct qp_kernel_options kernel;
  options.kernel = read_kernel(&call, config, &options, &kernel, pin);
  if (call.has_failed)
    return qp_throw_arguments(env);
  struct qp_handle *handle = qp_handle_create(env);
  if (!handle)
    return qp_throw(env, "ENOMEM", NULL);
  options.wake = qp_upcall_wake;
  options.context = handle;
  napi_value object = open_handle(&call, handle, config, &options);
  bool has_thrown = false;
  napi_is_exception_pending(env, &has_thrown);
  if (has_thrown)
    qp_handle_close(handle);
  qp_handle_release(handle);
  return object;
}

static napi_value counter_names(napi_env env)
{
  napi_value names;
  napi_create_array(env, &names);
#define QP_NAME(constant, text) napi_set_element(env, names, QP_##constant, qp_text(env, text));
  QP_COUNTER_NAMES(QP_NAME)
#undef QP_NAME
  return names;
}

NAPI_MODULE_INIT()
{
  const napi_property_descriptor properties[] = {
    { .utf8name = "open", .method = open_forwarder, .attributes = napi_default_method },
    { .utf8name = "links", .method = qp_read_links, .attributes = napi_default_method },
    { .utf8name = "readPins", .method = qp_read_pins, .attributes = napi_default_method },
    { .utf8name = "removePins", .method = qp_remove_pins, .attributes = napi_default_method },
    { .utf8name = "trimMemory", .method = qp_trim_memory, .attributes = napi_default_method },
    { .utf8name = "deriveConnectionIds", .method = qp_derive_connection_ids, .attributes = napi_default_method },
    { .utf8name = "abi", .value = qp_number(env, QP_ADDON_ABI), .attributes = napi_enumerable },
    { .utf8name = "hasProgram", .value = qp_boolean(env, qp_program_exists()), .attributes = napi_enumerable },
    { .utf8name = "counterNames", .value = counter_names(env), .attributes = napi_enumerable },
  };
  napi_define_properties(env, exports, sizeof properties / sizeof properties[0], properties);
  return exports;
}
