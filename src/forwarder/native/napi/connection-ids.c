#include "../../../../bpf/parse.h"
#include "../memory/blake2b.h"
#include "handle.h"

/** Writes the connection ID with this number: see `deriveConnectionId` of src/wire/connection-id.ts. */
static void derive(const struct qp_blake2b *key, uint32_t number, uint8_t id[QP_CID_BYTES])
{
  const uint8_t counter[4] = { number >> 24, number >> 16, number >> 8, number };
  qp_blake2b_digest(key, counter, sizeof counter, id);
  id[0] &= 0x7f;
}

napi_value qp_derive_connection_ids(napi_env env, napi_callback_info info)
{
  struct qp_call call = qp_call_begin(env, info);
  struct qp_bytes key = qp_read_bytes(&call, call.arguments[0]);
  struct qp_bytes ids = qp_read_bytes(&call, call.arguments[1]);
  uint32_t first = qp_read_uint32(&call, call.arguments[2]);
  qp_expect(&call, key.length >= 1 && key.length <= QP_BLAKE2B_KEY_BYTES && ids.length % QP_CID_BYTES == 0);
  if (call.has_failed)
    return qp_throw_arguments(env);
  struct qp_blake2b begun = qp_blake2b_begin(key.data, key.length, QP_CID_BYTES);
  for (size_t at = 0; at < ids.length; at += QP_CID_BYTES)
    derive(&begun, first++, ids.data + at);
  return qp_undefined(env);
}
