#include "rig.h"

#include "check.h"

static void wake_nobody(void *context)
{
  (void)context;
}

struct qp_forwarder *create_rig(const struct rig_options *options)
{
  const struct qp_stun_options plenty = {
    .per_source = 1e9,
    .per_registration = 1e9,
    .per_registration_elsewhere = 1e9,
    .per_subject = 1e9,
    .per_subject_elsewhere = 1e9,
    .per_kind = 1e9,
    .burst_of_kind = 1e9,
    .sources = 16,
    .max_bytes = UINT32_MAX,
    .max_waiting = 1024,
    .max_waiting_of_kind = 1024,
    .max_waiting_of_subject = 1024,
  };
  const struct qp_forwarder_options forwarder_options = {
    .host = options->is_ipv4_only ? "0.0.0.0" : "::",
    .threads = options->threads,
    .max_sessions = 65536,
    .max_buckets = 65536,
    .may_segment = !options->may_not_segment,
    .is_sender_checked = !options->takes_any_source,
    .upstream_host = options->has_no_gateway ? NULL : "127.0.0.1",
    .upstream_port = 443,
    .splice = {
      .places = {
        .max = options->max_clients,
        .max_on_probation = options->max_on_probation ? options->max_on_probation : options->max_clients,
        .max_settled = options->max_settled ? options->max_settled : UINT32_MAX,
        .max_strangers = UINT32_MAX,
        .max_of_share = UINT32_MAX,
        .per_second = 1e6,
        .burst = 1e6,
        .share_per_second = 1e6,
      },
      .idle_ms = 1000,
      .new_idle_ms = 100,
      .presence_ms = 50,
      .rest_ms = 500,
    },
    .stun = options->stun ? *options->stun : plenty,
    .sweep_interval_ms = 1000,
    .clock = options->clock,
    .wake = wake_nobody,
  };
  struct qp_forwarder *rig = qp_forwarder_create(&forwarder_options);
  CHECK(rig != NULL);
  return rig;
}

struct qp_address ipv4_address_of(unsigned number)
{
  const struct sockaddr_in name = {
    .sin_family = AF_INET,
    .sin_port = htons((uint16_t)(1000 + number)),
    .sin_addr.s_addr = htonl(0xc6336400u + (number & 0xff)),
  };
  return qp_address_of_name((const struct sockaddr *)&name);
}

struct qp_address address_of(unsigned number)
{
  if (number % 2 == 0)
    return ipv4_address_of(number);
  struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)(1000 + number)) };
  const uint8_t prefix[4] = { 0x20, 0x01, 0x0d, 0xb8 };
  memcpy(&name.sin6_addr, prefix, sizeof prefix);
  name.sin6_addr.s6_addr[15] = (uint8_t)number;
  return qp_address_of_name((const struct sockaddr *)&name);
}

uint32_t open_session(struct qp_forwarder *rig, const uint8_t *cids, uint32_t count, const struct qp_address *address)
{
  struct qp_path path = { 0 };
  if (address)
    path.peer = *address;
  const struct qp_session_spec spec = {
    .cids = cids,
    .cid_count = count,
    .path = address ? &path : NULL,
    .bucket = qp_bucket_open(&rig->tables.sessions.buckets, 1e12, 1e15),
    .expires_at_ns = UINT64_MAX,
  };
  uint32_t id = qp_session_open(&rig->tables.sessions, &spec);
  CHECK(id != QP_NO_SESSION);
  qp_bucket_release(&rig->tables.sessions.buckets, spec.bucket);
  return id;
}
