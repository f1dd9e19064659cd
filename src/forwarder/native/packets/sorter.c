#include "sorter.h"

#include "../tables/endpoints.h"

void qp_sorter_begin(struct qp_sorter *sorter, const struct qp_tables *tables, struct qp_received *received,
                     unsigned messages, int64_t now_ms)
{
  sorter->tables = tables;
  sorter->now_ms = now_ms;
  sorter->received = received;
  sorter->end = received + messages;
  sorter->at = 0;
  sorter->filled = sorter->next = 0;
}

/**
 * Takes the next datagram off the messages. A 4-tuple may carry both gateway and relay packets, so each is classified.
 */
static struct qp_datagram take_off(struct qp_sorter *sorter)
{
  struct qp_received *from = sorter->received;
  uint32_t left = from->length - sorter->at;
  struct qp_datagram datagram = {
    .data = from->data + sorter->at,
    .length = left < from->segment_bytes ? left : from->segment_bytes,
    .from = from,
  };
  sorter->at += datagram.length;
  if (sorter->at >= from->length) {
    sorter->received++;
    sorter->at = 0;
  }
  return datagram;
}

/** Senders send in bursts, so most datagrams have the connection ID of the one before. */
static bool has_same_destination(const struct qp_datagram *datagram, const struct qp_datagram *before)
{
  const uint8_t *destination = datagram->header.destination;
  return destination && before && before->header.destination &&
         memcmp(destination, before->header.destination, QP_CID_BYTES) == 0;
}

static void parse(const struct qp_routes *routes, struct qp_datagram *datagram, const struct qp_datagram *before)
{
  datagram->header = qp_parse(datagram->data, datagram->data + datagram->length);
  datagram->follows = has_same_destination(datagram, before);
  if (datagram->follows)
    datagram->hash = before->hash;
  else if (datagram->header.destination) {
    datagram->hash = qp_routes_hash(routes, datagram->header.destination);
    qp_routes_prefetch(routes, datagram->hash);
  }
}

static void sort(const struct qp_sorter *sorter, struct qp_datagram *datagram)
{
  const struct qp_tables *tables = sorter->tables;
  if (datagram->follows && datagram[-1].sorted.verdict == QP_VERDICT_SESSION) {
    datagram->sorted = datagram[-1].sorted;
    return;
  }
  datagram->sorted =
    qp_sort(&datagram->header, datagram->hash, &tables->sessions.routes, &tables->initial_routes, sorter->now_ms);
  if (datagram->sorted.verdict != QP_VERDICT_SESSION)
    return;
  const struct qp_session_state *state = &tables->sessions.states[datagram->sorted.session];
  __builtin_prefetch(&tables->sessions.sessions[datagram->sorted.session]);
  __builtin_prefetch(state->counters, 1);
  __builtin_prefetch(&state->expires_at_ns);
}

static void prefetch_endpoint(const struct qp_sessions *sessions, const struct qp_datagram *datagram)
{
  if (datagram->sorted.verdict == QP_VERDICT_SESSION && !datagram->follows)
    __builtin_prefetch(qp_session_endpoint(sessions, datagram->sorted.session));
}

static void fill(struct qp_sorter *sorter)
{
  struct qp_datagram *window = sorter->window;
  const struct qp_sessions *sessions = &sorter->tables->sessions;
  unsigned filled = 0;
  for (; filled < QP_WINDOW && sorter->received < sorter->end; filled++) {
    window[filled] = take_off(sorter);
    parse(&sessions->routes, &window[filled], filled > 0 ? &window[filled - 1] : NULL);
  }
  for (unsigned i = 0; i < filled; i++)
    sort(sorter, &window[i]);
  for (unsigned i = 0; i < filled; i++)
    prefetch_endpoint(sessions, &window[i]);
  sorter->filled = filled;
  sorter->next = 0;
}

static bool belongs(const struct qp_datagram *datagram, const struct qp_datagram *first)
{
  return datagram->follows && datagram->from == first->from && datagram->sorted.verdict == QP_VERDICT_SESSION &&
         datagram->sorted.session == first->sorted.session;
}

bool qp_sorter_next(struct qp_sorter *sorter, struct qp_burst *burst)
{
  if (sorter->next == sorter->filled)
    fill(sorter);
  if (sorter->filled == 0)
    return false;
  const struct qp_datagram *first = &sorter->window[sorter->next++], *last = first;
  while (first->sorted.verdict == QP_VERDICT_SESSION && sorter->next < sorter->filled &&
         belongs(&sorter->window[sorter->next], first))
    last = &sorter->window[sorter->next++];
  *burst = (struct qp_burst){
    .data = first->data,
    .bytes = (uint32_t)(last->data - first->data) + last->length,
    .segment_bytes = first->length,
    .count = (uint32_t)(last - first) + 1,
    .from = first->from,
    .sorted = first->sorted,
  };
  return true;
}
