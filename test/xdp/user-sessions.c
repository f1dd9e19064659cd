#include "user-sessions.h"

#include <stdlib.h>

#include "../../src/forwarder/native/tables/bucket.h"
#include "../../src/forwarder/native/tables/sessions.h"
#include "../native/harness/check.h"

struct user_sessions *user_sessions_create(void)
{
  const struct qp_hash_key key = { 1, 2 };
  const struct qp_sessions_size size = { PEOPLE, PEOPLE };
  struct user_sessions *user = calloc(1, sizeof *user);
  CHECK(user != NULL);
  qp_grace_init(&user->grace, 1);
  CHECK(qp_sessions_init(&user->sessions, size, &key, &user->grace, AF_INET6, &rig.kernel));
  return user;
}

void user_sessions_destroy(struct user_sessions *user)
{
  qp_reclaim(&user->grace);
  qp_sessions_destroy(&user->sessions);
  free(user);
}

void user_sessions_open(struct user_sessions *user, enum person person, const struct qp_path *path)
{
  uint8_t cid[CID_BYTES];
  cid_of(person, cid);
  const uint32_t bucket = qp_bucket_open(&user->sessions.buckets, 1e6, 2e6 * LONG_SECONDS);
  CHECK(bucket != QP_NO_ID);
  const struct qp_session_spec spec = {
    .cids = cid,
    .cid_count = 1,
    .path = path,
    .bucket = bucket,
    .expires_at_ns = now_ns() + LONG_SECONDS * UINT64_C(1000000000),
  };
  CHECK(qp_session_open(&user->sessions, &spec) == (uint32_t)person);
  CHECK(qp_bucket_take(&user->sessions.buckets.all[bucket], 1000000 * LONG_SECONDS, now_ns()));
  qp_bucket_release(&user->sessions.buckets, bucket);
}

static struct qp_path path_to(struct qp_udp_address source)
{
  return (struct qp_path){ .peer = qp_address_of(&source), .local = host_ip(&source.ip) };
}

struct qp_path endpoint_from(const char *ip, uint16_t port)
{
  return path_to(address_from(ip, port));
}

struct qp_path endpoint_of(enum person person)
{
  return path_to(address_of(person));
}
