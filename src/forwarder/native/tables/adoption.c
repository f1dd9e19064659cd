#include "adoption.h"

#include <errno.h>
#include <stdlib.h>

#include "../../../../bpf/parse.h"
#include "../../../xdp/native/maps.h"
#include "endpoints.h"

struct lead {
  uint32_t session;
  uint8_t cid[QP_CID_BYTES];
};

struct adoption {
  struct qp_sessions *sessions;
  uint64_t now_ns;
  struct lead *leads;
  size_t count, capacity;
  bool lacks_memory;
};

static bool is_alive(const struct adoption *adoption, uint32_t id)
{
  const struct qp_sessions *sessions = adoption->sessions;
  return id < sessions->ids.capacity && !qp_state_is_expired(&sessions->states[id], adoption->now_ns) &&
         sessions->states[id].bucket < sessions->buckets.ids.capacity;
}

static void note_route(void *context, const void *cid, uint32_t session)
{
  struct adoption *adoption = context;
  if (!is_alive(adoption, session)) {
    qp_kernel_remove_route(adoption->sessions->kernel, cid);
    return;
  }
  if (adoption->count == adoption->capacity) {
    size_t capacity = adoption->capacity ? 2 * adoption->capacity : 1024;
    struct lead *leads = realloc(adoption->leads, capacity * sizeof *leads);
    adoption->lacks_memory |= !leads;
    if (!leads)
      return;
    adoption->leads = leads;
    adoption->capacity = capacity;
  }
  struct lead *lead = &adoption->leads[adoption->count++];
  lead->session = session;
  memcpy(lead->cid, cid, sizeof lead->cid);
}

static int by_session(const void *one, const void *other)
{
  uint32_t a = ((const struct lead *)one)->session, b = ((const struct lead *)other)->session;
  return (a > b) - (a < b);
}

/**
 * Clears an address left half-written by a killed writer; user space then decides. Reports whether there is an address.
 */
static bool mend_address(struct qp_session_state *state)
{
  const struct qp_udp_address nowhere = { 0 };
  if (state->version % 2 == 0)
    return state->address.port != 0;
  state->address = nowhere;
  __atomic_fetch_add(&state->version, 1, __ATOMIC_SEQ_CST);
  return false;
}

static bool adopt_routes(struct qp_sessions *sessions, struct qp_session_record *record, const struct lead *leads,
                         uint32_t count)
{
  record->cids = malloc((size_t)count * QP_CID_BYTES);
  for (uint32_t i = 0; record->cids && i < count; i++) {
    uint8_t *cid = record->cids + i * QP_CID_BYTES;
    memcpy(cid, leads[i].cid, QP_CID_BYTES);
    record->cid_count = i + 1;
    if (!qp_routes_set(&sessions->routes, cid, record->id.number))
      return false;
  }
  return record->cids;
}

static bool adopt_session(struct qp_sessions *sessions, const struct lead *leads, uint32_t count)
{
  uint32_t id = leads->session;
  struct qp_session_state *state = &sessions->states[id];
  struct qp_session_record *record = &sessions->records[id];
  record->id.number = id;
  record->is_open = true;
  sessions->count++;
  qp_bucket_join(&sessions->buckets, state->bucket);
  struct qp_address address = qp_address_of(&state->address);
  return (!mend_address(state) || qp_session_join(sessions, id, &address)) &&
         adopt_routes(sessions, record, leads, count);
}

static bool adopt_sessions(struct adoption *adoption)
{
  struct qp_sessions *sessions = adoption->sessions;
  for (size_t i = 0, next; i < adoption->count; i = next) {
    const struct lead *first = &adoption->leads[i];
    for (next = i; next < adoption->count && adoption->leads[next].session == first->session;)
      next++;
    qp_ids_adopt(&sessions->ids, first->session);
    if (!adopt_session(sessions, first, (uint32_t)(next - i)))
      return false;
  }
  return true;
}

/** Restores which session at an address pays, and removes addresses without sessions. */
static void adopt_sender(void *context, const void *key, uint32_t session)
{
  struct qp_sessions *sessions = ((struct adoption *)context)->sessions;
  struct qp_address address = qp_address_of(key);
  const struct qp_endpoint *endpoint = qp_endpoint_at(sessions, &address);
  if (!endpoint)
    qp_kernel_remove_sender(sessions->kernel, key);
  else if (qp_session_is_open(sessions, session) && qp_session_endpoint(sessions, session) == endpoint)
    qp_session_prefer(sessions, session);
}

int qp_sessions_adopt(struct qp_sessions *sessions, uint64_t now_ns)
{
  struct adoption adoption = { .sessions = sessions, .now_ns = now_ns };
  const struct qp_kernel *kernel = sessions->kernel;
  int error = qp_kernel_walk(kernel->routes, QP_CID_BYTES, note_route, &adoption);
  if (adoption.count > 0)
    qsort(adoption.leads, adoption.count, sizeof *adoption.leads, by_session);
  if (!error && (adoption.lacks_memory || !adopt_sessions(&adoption)))
    error = ENOMEM;
  free(adoption.leads);
  qp_buckets_adopt(&sessions->buckets);
  if (!error)
    error = qp_kernel_walk(kernel->senders, sizeof(struct qp_udp_address), adopt_sender, &adoption);
  for (uint32_t id = 0; !error && id < sessions->ids.given; id++)
    if (qp_session_is_open(sessions, id) && qp_session_endpoint(sessions, id))
      qp_endpoint_publish(sessions, qp_session_endpoint(sessions, id));
  return error;
}
