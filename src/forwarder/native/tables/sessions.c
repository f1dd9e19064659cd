#include "sessions.h"

#include <stdlib.h>

#include "../../../../bpf/parse.h"
#include "../../../xdp/native/maps.h"
#include "../memory/pages.h"
#include "endpoints.h"

bool qp_sessions_init(struct qp_sessions *sessions, struct qp_sessions_size size, const struct qp_hash_key *key,
                      struct qp_grace *grace, int family, struct qp_kernel *kernel)
{
  uint32_t capacity = size.sessions;
  sessions->grace = grace;
  sessions->family = family;
  sessions->kernel = kernel;
  qp_routes_init(&sessions->routes, key, grace);
  qp_table_init(&sessions->endpoints, QP_KEY(struct qp_endpoint, address), key, grace);
  bool has_ids = qp_ids_init(&sessions->ids, capacity, grace, kernel);
  bool has_buckets = qp_buckets_init(&sessions->buckets, size.buckets, grace, kernel);
  sessions->sessions = qp_pages_allocate(capacity * sizeof *sessions->sessions);
  sessions->records = qp_pages_allocate(capacity * sizeof *sessions->records);
  sessions->states = kernel ? kernel->states : qp_pages_allocate(capacity * sizeof *sessions->states);
  return has_ids && has_buckets && sessions->sessions && sessions->records && sessions->states;
}

void qp_sessions_destroy(struct qp_sessions *sessions)
{
  size_t capacity = sessions->ids.capacity;
  qp_table_destroy_all(&sessions->endpoints);
  qp_routes_destroy(&sessions->routes);
  for (uint32_t id = 0; id < sessions->ids.given; id++)
    free(sessions->records[id].cids);
  qp_pages_free(sessions->sessions, capacity * sizeof *sessions->sessions);
  qp_pages_free(sessions->records, capacity * sizeof *sessions->records);
  if (!sessions->kernel)
    qp_pages_free(sessions->states, capacity * sizeof *sessions->states);
  qp_buckets_destroy(&sessions->buckets);
  qp_ids_destroy(&sessions->ids);
}

uint32_t qp_session_open(struct qp_sessions *sessions, const struct qp_session_spec *spec)
{
  uint32_t id = qp_ids_take(&sessions->ids);
  if (id == QP_NO_ID)
    return QP_NO_SESSION;
  struct qp_session_state *state = &sessions->states[id];
  for (int i = 0; i < QP_SESSION_COUNTERS; i++)
    qp_store(&state->counters[i], 0);
  qp_store(&state->first_at_ns, 0);
  qp_store(&state->expires_at_ns, spec->expires_at_ns);
  qp_store_index(&state->bucket, spec->bucket);
  qp_bucket_join(&sessions->buckets, spec->bucket);
  struct qp_session_record *record = &sessions->records[id];
  record->id.number = id;
  record->is_open = true;
  sessions->count++;
  if (qp_session_move(sessions, id, spec->path) && qp_session_route(sessions, id, spec->cids, spec->cid_count))
    return id;
  qp_session_close(sessions, id);
  return QP_NO_SESSION;
}

bool qp_session_is_open(const struct qp_sessions *sessions, uint32_t id)
{
  return id < sessions->ids.given && sessions->records[id].is_open;
}

static bool contains(const uint8_t *cids, uint32_t count, const uint8_t *cid)
{
  for (uint32_t i = 0; i < count; i++)
    if (memcmp(cids + i * QP_CID_BYTES, cid, QP_CID_BYTES) == 0)
      return true;
  return false;
}

/** Removes the session's routes, except the `count` at `kept`. */
static void remove_routes(struct qp_sessions *sessions, uint32_t id, const uint8_t *kept, uint32_t count)
{
  struct qp_session_record *record = &sessions->records[id];
  for (uint32_t i = 0; i < record->cid_count; i++)
    if (!contains(kept, count, record->cids + i * QP_CID_BYTES) &&
        qp_routes_remove(&sessions->routes, record->cids + i * QP_CID_BYTES, id))
      qp_kernel_remove_route(sessions->kernel, record->cids + i * QP_CID_BYTES);
  free(record->cids);
  record->cids = NULL;
  record->cid_count = 0;
}

bool qp_session_route(struct qp_sessions *sessions, uint32_t id, const uint8_t *cids, uint32_t count)
{
  struct qp_session_record *record = &sessions->records[id];
  uint8_t *copy = malloc(count > 0 ? (size_t)count * QP_CID_BYTES : 1);
  if (!copy)
    return false;
  if (count > 0)
    memcpy(copy, cids, (size_t)count * QP_CID_BYTES);
  /* New routes are added before old ones are removed, so that a route in both sets is never missing. */
  uint32_t added = 0;
  while (added < count && qp_routes_set(&sessions->routes, copy + added * QP_CID_BYTES, id))
    added++;
  qp_kernel_set_routes(sessions->kernel, copy, added, id);
  remove_routes(sessions, id, copy, added);
  record->cids = copy;
  record->cid_count = added;
  return added == count;
}

void qp_session_charge(struct qp_sessions *sessions, uint32_t id, uint32_t bucket)
{
  struct qp_session_state *state = &sessions->states[id];
  uint32_t before = qp_load_index(&state->bucket);
  qp_bucket_join(&sessions->buckets, bucket);
  qp_store_index(&state->bucket, bucket);
  qp_state_touch(state);
  qp_bucket_leave(&sessions->buckets, before);
}

void qp_session_close(struct qp_sessions *sessions, uint32_t id)
{
  struct qp_session_record *record = &sessions->records[id];
  remove_routes(sessions, id, NULL, 0);
  qp_session_move(sessions, id, NULL);
  record->is_open = false;
  sessions->count--;
  qp_bucket_leave(&sessions->buckets, qp_load_index(&sessions->states[id].bucket));
  qp_ids_give_back(&sessions->ids, &record->id);
}
