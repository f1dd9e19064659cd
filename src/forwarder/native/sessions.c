#include "sessions.h"

#include <stdlib.h>

#include "../../../bpf/parse.h"
#include "endpoints.h"
#include "pages.h"

static struct qp_chunk *chunk_of(const struct qp_sessions *sessions, uint32_t id)
{
  return atomic_load_explicit(&sessions->chunks[id >> QP_CHUNK_BITS], memory_order_acquire);
}

struct qp_session *qp_session_at(const struct qp_sessions *sessions, uint32_t id)
{
  return &chunk_of(sessions, id)->sessions[id & (QP_CHUNK_SESSIONS - 1)];
}

_Atomic uint64_t *qp_session_counters(const struct qp_sessions *sessions, uint32_t id)
{
  return chunk_of(sessions, id)->counters[id & (QP_CHUNK_SESSIONS - 1)];
}

struct qp_session_record *qp_session_record_of(const struct qp_sessions *sessions, uint32_t id)
{
  return &chunk_of(sessions, id)->records[id & (QP_CHUNK_SESSIONS - 1)];
}

void qp_sessions_init(struct qp_sessions *sessions, const struct qp_hash_key *key, struct qp_grace *grace, int family)
{
  sessions->key = *key;
  sessions->grace = grace;
  sessions->family = family;
  qp_routes_init(&sessions->routes, key, grace);
  qp_table_init(&sessions->endpoints, &qp_endpoint_type, &sessions->key, grace);
}

void qp_sessions_destroy(struct qp_sessions *sessions)
{
  size_t cursor = 0;
  for (void *endpoint; (endpoint = qp_table_next(&sessions->endpoints, &cursor));)
    free(endpoint);
  qp_table_destroy(&sessions->endpoints);
  qp_routes_destroy(&sessions->routes);
  for (uint32_t id = 0; id < sessions->opened; id++)
    free(qp_session_record_of(sessions, id)->cids);
  for (uint32_t i = 0; i < QP_MAX_CHUNKS; i++)
    qp_pages_free(atomic_load(&sessions->chunks[i]), sizeof(struct qp_chunk));
  free(sessions->free_ids);
}

/** Room for every id to become free, so that closing a session never has to allocate. */
static bool reserve_free_ids(struct qp_sessions *sessions, uint32_t capacity)
{
  uint32_t *ids = realloc(sessions->free_ids, capacity * sizeof *ids);
  if (!ids)
    return false;
  sessions->free_ids = ids;
  return true;
}

static uint32_t take_id(struct qp_sessions *sessions)
{
  qp_reclaim(sessions->grace);
  if (sessions->free_count > 0)
    return sessions->free_ids[--sessions->free_count];
  uint32_t id = sessions->opened;
  uint32_t chunk = id >> QP_CHUNK_BITS;
  if (chunk == QP_MAX_CHUNKS)
    return QP_NO_SESSION;
  if (!atomic_load(&sessions->chunks[chunk])) {
    struct qp_chunk *fresh = qp_pages_allocate(sizeof *fresh);
    if (!fresh || !reserve_free_ids(sessions, (chunk + 1) << QP_CHUNK_BITS)) {
      qp_pages_free(fresh, sizeof *fresh);
      return QP_NO_SESSION;
    }
    atomic_store_explicit(&sessions->chunks[chunk], fresh, memory_order_release);
  }
  sessions->opened++;
  return id;
}

uint32_t qp_session_open(struct qp_sessions *sessions, const struct qp_session_spec *spec)
{
  uint32_t id = take_id(sessions);
  if (id == QP_NO_SESSION)
    return id;
  struct qp_session *session = qp_session_at(sessions, id);
  for (int i = 0; i < QP_SESSION_COUNTER_STRIDE; i++)
    atomic_store_explicit(&qp_session_counters(sessions, id)[i], 0, memory_order_relaxed);
  atomic_store_explicit(&session->expires_at_ms, spec->expires_at_ms, memory_order_relaxed);
  qp_bucket_init(&session->bucket, spec->bytes_per_second, spec->bucket_bytes);
  struct qp_session_record *record = qp_session_record_of(sessions, id);
  record->id = id;
  record->is_open = true;
  sessions->count++;
  if (qp_session_move(sessions, id, spec->address) && qp_session_route(sessions, id, spec->cids, spec->cid_count))
    return id;
  qp_session_close(sessions, id);
  return QP_NO_SESSION;
}

bool qp_session_is_open(const struct qp_sessions *sessions, uint32_t id)
{
  return id < sessions->opened && qp_session_record_of(sessions, id)->is_open;
}

static bool contains(const uint8_t *cids, uint32_t count, const uint8_t *cid)
{
  for (uint32_t i = 0; i < count; i++)
    if (memcmp(cids + i * QP_CID_BYTES, cid, QP_CID_BYTES) == 0)
      return true;
  return false;
}

/** Removes the session's routes but for the `count` at `kept`. */
static void remove_routes(struct qp_sessions *sessions, uint32_t id, const uint8_t *kept, uint32_t count)
{
  struct qp_session_record *record = qp_session_record_of(sessions, id);
  for (uint32_t i = 0; i < record->cid_count; i++)
    if (!contains(kept, count, record->cids + i * QP_CID_BYTES))
      qp_routes_remove(&sessions->routes, record->cids + i * QP_CID_BYTES, id);
  free(record->cids);
  record->cids = NULL;
  record->cid_count = 0;
}

bool qp_session_route(struct qp_sessions *sessions, uint32_t id, const uint8_t *cids, uint32_t count)
{
  struct qp_session_record *record = qp_session_record_of(sessions, id);
  uint8_t *copy = malloc(count > 0 ? (size_t)count * QP_CID_BYTES : 1);
  if (!copy)
    return false;
  if (count > 0)
    memcpy(copy, cids, (size_t)count * QP_CID_BYTES);
  /* New routes come before old ones go, so one that stays is never gone in between. */
  uint32_t added = 0;
  while (added < count && qp_routes_set(&sessions->routes, copy + added * QP_CID_BYTES, id))
    added++;
  remove_routes(sessions, id, copy, added);
  record->cids = copy;
  record->cid_count = added;
  return added == count;
}

/** The id may lead to another session only when no thread can have it in hand any more. */
static void release_id(struct qp_retired *retired, void *owner)
{
  struct qp_sessions *sessions = owner;
  sessions->free_ids[sessions->free_count++] = ((struct qp_session_record *)retired)->id;
}

void qp_session_close(struct qp_sessions *sessions, uint32_t id)
{
  struct qp_session_record *record = qp_session_record_of(sessions, id);
  remove_routes(sessions, id, NULL, 0);
  qp_session_move(sessions, id, NULL);
  record->is_open = false;
  sessions->count--;
  qp_retire(sessions->grace, &record->retired, release_id, sessions);
}
