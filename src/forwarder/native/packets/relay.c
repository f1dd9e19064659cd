#include "relay.h"

#include "../tables/bucket.h"
#include "../tables/endpoints.h"
#include "sorter.h"

static void count(struct qp_relay *relay, enum qp_counter counter, uint32_t amount)
{
  qp_count(&relay->counters, counter, amount);
}

/** Looks up the sender of a message, its endpoint and its paying session, once for all datagrams. */
static void look_up_sender(const struct qp_sessions *sessions, struct qp_received *received, uint64_t now_ns)
{
  if (received->is_looked_up)
    return;
  received->is_looked_up = true;
  received->endpoint = qp_endpoint_at(sessions, &received->source);
  uint32_t sender = received->endpoint ? qp_endpoint_sender(sessions, received->endpoint, now_ns) : QP_NO_SESSION;
  received->payer = sender == QP_NO_SESSION ? NULL : &sessions->states[sender];
}

/** Takes the cost of the burst from the bucket of the sender's subject; false if there are too few tokens. */
static bool pay(const struct qp_sessions *sessions, const struct qp_burst *burst, uint64_t now_ns)
{
  const struct qp_session_state *payer = burst->from->payer;
  return !payer || qp_bucket_take(qp_state_bucket(sessions, payer), burst->bytes, now_ns);
}

/** Returns the counter of the reason why the burst may not go to `to`, or `QP_ALLOWED`. */
static enum qp_counter refusal_of(const struct qp_relay *relay, const struct qp_burst *burst,
                                  const struct qp_session_state *to, const struct qp_endpoint *endpoint,
                                  uint64_t now_ns)
{
  if (qp_state_is_expired(to, now_ns))
    return QP_SESSION_EXPIRED;
  if (!endpoint)
    return QP_NO_ADDRESS;
  if (!burst->from->payer && relay->tables->is_sender_checked)
    return QP_SOURCE_UNREGISTERED;
  return QP_ALLOWED;
}

/** Returns the address of this host that packets to a session leave from; zero if there is only one. */
static struct qp_ip egress_of(const struct qp_sessions *sessions, const struct qp_session_state *to)
{
  const struct qp_ip any = { 0 };
  return qp_is_local_known(&sessions->bound) ? any : qp_state_local(to);
}

static void send_burst(struct qp_relay *relay, const struct qp_burst *burst, struct qp_session_state *to,
                       const struct qp_endpoint *endpoint, uint64_t now_ns)
{
  const struct qp_destination destination = {
    .to = &endpoint->name,
    .payer = burst->from->payer,
    .receiver = to,
    .local = egress_of(&relay->tables->sessions, to),
    .ecn = burst->from->ecn,
    .direction = QP_DIRECTION_RELAY,
  };
  qp_state_note_first(to, now_ns);
  if (destination.payer)
    qp_state_note_first(destination.payer, now_ns);
  qp_outbox_add(&relay->public_outbox, &destination, burst->data, burst->bytes, burst->segment_bytes);
}

static void relay_singly(struct qp_relay *relay, const struct qp_burst *burst, uint32_t id, struct qp_now now);

/** Counts a refusal, in total and for the session that it concerns, if there is one. */
static void refuse(struct qp_relay *relay, enum qp_counter reason, uint32_t amount, struct qp_session_state *session,
                   enum qp_session_counter counter)
{
  /* The session first, so that a reader of the total also finds the session's share of it. */
  if (session)
    qp_add(&session->counters[counter], amount);
  count(relay, reason, amount);
}

static void relay_burst(struct qp_relay *relay, const struct qp_burst *burst, uint32_t id, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  const struct qp_endpoint *endpoint = qp_session_endpoint(sessions, id);
  struct qp_session_state *to = &sessions->states[id];
  look_up_sender(sessions, burst->from, now.ns);
  enum qp_counter refusal = refusal_of(relay, burst, to, endpoint, now.ns);
  if (refusal == QP_NO_ADDRESS)
    return refuse(relay, QP_NO_ADDRESS, burst->count, to, QP_PACKETS_NO_ADDRESS);
  if (refusal != QP_ALLOWED)
    return count(relay, refusal, burst->count);
  struct qp_session_state *payer = burst->from->payer;
  if (!pay(sessions, burst, now.ns))
    return burst->count > 1 ? relay_singly(relay, burst, id, now)
                            : refuse(relay, QP_RATE_LIMITED, 1, payer, QP_PACKETS_LIMITED);
  if (endpoint == burst->from->endpoint)
    return refuse(relay, QP_SOURCE_IS_DESTINATION, burst->count, payer, QP_PACKETS_TO_ITSELF);
  send_burst(relay, burst, to, endpoint, now.ns);
}

/** Relays the datagrams of a burst one by one, as the bucket cannot pay for all of them. */
static void relay_singly(struct qp_relay *relay, const struct qp_burst *burst, uint32_t id, struct qp_now now)
{
  struct qp_burst single = { .data = burst->data, .count = 1, .from = burst->from };
  for (uint32_t left = burst->bytes; left > 0; left -= single.bytes, single.data += single.bytes) {
    single.bytes = single.segment_bytes = left < burst->segment_bytes ? left : burst->segment_bytes;
    relay_burst(relay, &single, id, now);
  }
}

static bool is_from_dialer(const struct qp_relay *relay, const struct qp_burst *single, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  const struct qp_endpoint *dialer = qp_session_endpoint(sessions, single->sorted.initial_route->from);
  look_up_sender(sessions, single->from, now.ns);
  return dialer && dialer == single->from->endpoint;
}

static struct qp_path path_of(const struct qp_received *received)
{
  return (struct qp_path){ .peer = received->source, .local = received->local };
}

static struct qp_client *admit(struct qp_relay *relay, const struct qp_burst *single, struct qp_now now,
                               enum qp_counter *refusal)
{
  const struct qp_path path = path_of(single->from);
  return qp_splice_admit(&relay->splice, &path, single->data, single->bytes, now.ms, now.ns, refusal);
}

static void pass_to_gateway(struct qp_relay *relay, const struct qp_burst *single, struct qp_now now)
{
  struct qp_received *from = single->from;
  enum qp_counter refusal = QP_NO_UPSTREAM;
  if (relay->tables->has_upstream && !from->client)
    from->client = admit(relay, single, now, &refusal);
  if (!from->client)
    return count(relay, refusal, 1);
  qp_splice_sent(&relay->splice, from->client, single->data, single->bytes);
  const struct qp_destination destination = {
    .to = &relay->tables->upstream_name,
    .local = qp_mapped_ip((uint32_t)from->client->virtual_ipv4),
    .ecn = from->ecn,
    .direction = QP_DIRECTION_GATEWAY_IN,
  };
  qp_outbox_add(&relay->upstream_outbox, &destination, single->data, single->bytes, single->bytes);
}

static void hand_over_stun(struct qp_relay *relay, const struct qp_burst *single, struct qp_now now)
{
  struct qp_tables *tables = relay->tables;
  const struct qp_stun_arrival arrival = {
    .data = single->data,
    .length = single->bytes,
    .path = path_of(single->from),
    .now = now,
  };
  struct qp_upcall_share share;
  enum qp_counter refusal = qp_stun_gate_charge(&tables->stun_gate, &tables->sessions, &arrival, &share);
  if (refusal == QP_ALLOWED)
    refusal = qp_upcall_datagram(&tables->upcalls, single->data, single->bytes, &arrival.path, &share);
  if (refusal == QP_ALLOWED)
    return;
  count(relay, refusal, 1);
  count(relay, QP_STUN_UNANSWERED, 1);
}

static void dispatch(struct qp_relay *relay, const struct qp_burst *burst, enum qp_verdict verdict, struct qp_now now)
{
  switch (verdict) {
  case QP_VERDICT_SESSION:
    return relay_burst(relay, burst, burst->sorted.session, now);
  case QP_VERDICT_INITIAL_ROUTE:
    return is_from_dialer(relay, burst, now) ? relay_burst(relay, burst, burst->sorted.initial_route->to, now)
                                             : dispatch(relay, burst, burst->sorted.otherwise, now);
  case QP_VERDICT_GATEWAY:
    return pass_to_gateway(relay, burst, now);
  case QP_VERDICT_STUN:
    return hand_over_stun(relay, burst, now);
  case QP_VERDICT_NO_ROUTE:
    return count(relay, QP_NO_ROUTE, 1);
  case QP_VERDICT_EMPTY:
    return count(relay, QP_EMPTY, 1);
  }
}

void qp_relay_public(struct qp_relay *relay, struct qp_received *received, unsigned messages, struct qp_now now)
{
  struct qp_sorter sorter;
  struct qp_burst burst;
  qp_sorter_begin(&sorter, relay->tables, received, messages, now.ms);
  while (qp_sorter_next(&sorter, &burst))
    dispatch(relay, &burst, burst.sorted.verdict, now);
}

static void pass_to_client(struct qp_relay *relay, struct qp_received *received)
{
  struct qp_client *client = NULL;
  if (qp_same_address(&received->source, &relay->tables->upstream))
    client = qp_splice_client(&relay->splice, received->local.words[3]);
  if (!client)
    return count(relay, QP_GATEWAY_STRAY, qp_datagrams_of(received->length, received->segment_bytes));
  qp_splice_answered(client, received->data, received->length, received->segment_bytes);
  const struct qp_destination destination = {
    .to = &client->name,
    .local = client->path.local,
    .ecn = received->ecn,
    .direction = QP_DIRECTION_GATEWAY_OUT,
  };
  qp_outbox_add(&relay->public_outbox, &destination, received->data, received->length, received->segment_bytes);
}

void qp_relay_upstream(struct qp_relay *relay, struct qp_received *received, unsigned messages)
{
  for (unsigned i = 0; i < messages; i++)
    pass_to_client(relay, &received[i]);
}
