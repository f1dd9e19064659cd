#include "../tables/bucket.h"
#include "handle.h"

static struct qp_buckets *buckets_of(const struct qp_handle *handle)
{
  return &qp_handle_sessions(handle)->buckets;
}

uint32_t qp_read_bucket(struct qp_call *call, const struct qp_handle *handle, napi_value value)
{
  uint32_t id = qp_read_uint32(call, value);
  qp_expect(call, qp_bucket_is_held(buckets_of(handle), id));
  return id;
}

static napi_value open_bucket(struct qp_call *call, struct qp_handle *handle)
{
  double bytes_per_second = qp_read_amount(call, call->arguments[0]);
  double depth_bytes = qp_read_amount(call, call->arguments[1]);
  if (call->has_failed)
    return NULL;
  uint32_t id = qp_bucket_open(buckets_of(handle), bytes_per_second, depth_bytes);
  if (id == QP_NO_ID)
    return qp_throw(call->env, "ENOMEM", NULL);
  qp_stun_gate_open_subject(&handle->forwarder->tables.stun_gate, id);
  return qp_number(call->env, id);
}

static napi_value shape_bucket(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = qp_read_bucket(call, handle, call->arguments[0]);
  double bytes_per_second = qp_read_amount(call, call->arguments[1]);
  double depth_bytes = qp_read_amount(call, call->arguments[2]);
  if (call->has_failed)
    return NULL;
  struct qp_now now = qp_worker_now(&handle->forwarder->workers[0]);
  qp_bucket_reshape(&buckets_of(handle)->all[id], bytes_per_second, depth_bytes, now.ns);
  return NULL;
}

static napi_value bucket_missing_ms(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = qp_read_bucket(call, handle, call->arguments[0]);
  if (call->has_failed)
    return NULL;
  struct qp_now now = qp_worker_now(&handle->forwarder->workers[0]);
  return qp_number(call->env, (double)qp_bucket_missing_ns(&buckets_of(handle)->all[id], now.ns) / 1e6);
}

static napi_value close_bucket(struct qp_call *call, struct qp_handle *handle)
{
  uint32_t id = qp_read_bucket(call, handle, call->arguments[0]);
  if (!call->has_failed)
    qp_bucket_release(buckets_of(handle), id);
  return NULL;
}

static napi_value buckets(struct qp_call *call, struct qp_handle *handle)
{
  return qp_number(call->env, buckets_of(handle)->count);
}

const napi_property_descriptor qp_bucket_methods[] = {
  QP_METHOD("openBucket", open_bucket),
  QP_METHOD("shapeBucket", shape_bucket),
  QP_METHOD("bucketMissingMs", bucket_missing_ms),
  QP_METHOD("closeBucket", close_bucket),
  QP_GETTER("buckets", buckets),
};
const size_t qp_bucket_method_count = sizeof qp_bucket_methods / sizeof qp_bucket_methods[0];
