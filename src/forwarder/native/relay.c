#include "relay.h"

#include "demux.h"
#include "endpoints.h"

enum {
  /** Datagrams looked up together, so that the memory for one is fetched while another is worked on. */
  WINDOW = 64,
};

struct datagram {
  uint8_t *data;
  uint32_t length;
  struct qp_received *from;
  struct qp_header header;
  /** It has the destination of the one before it in the window. */
  bool follows;
  uint64_t hash;
  struct qp_sorted sorted;
};

static void count(struct qp_relay *relay, enum qp_counter counter)
{
  qp_count(&relay->counters, counter, 1);
}

/** The sender of a message: the endpoint and the session that pays, looked up once for all its datagrams. */
static void look_up_sender(const struct qp_sessions *sessions, struct qp_received *received, int64_t now_ms)
{
  if (received->is_looked_up)
    return;
  received->is_looked_up = true;
  received->endpoint = qp_endpoint_at(sessions, &received->source);
  received->sender = received->endpoint ? qp_endpoint_sender(sessions, received->endpoint, now_ms) : QP_NO_SESSION;
}

enum { ALLOWED = QP_COUNTER_COUNT };

/** Why the datagram may not go to `to`, as the counter of the refusal, or `ALLOWED`. */
static int refusal_of(const struct qp_relay *relay, const struct datagram *datagram, const struct qp_session *to,
                      const struct qp_endpoint *endpoint, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  uint32_t sender = datagram->from->sender;
  if (qp_session_is_expired(to, now.ms))
    return QP_SESSION_EXPIRED;
  if (!endpoint)
    return QP_NO_ADDRESS;
  if (sender == QP_NO_SESSION && relay->tables->is_source_checked)
    return QP_SOURCE_UNREGISTERED;
  if (sender != QP_NO_SESSION && !qp_bucket_take(&qp_session_at(sessions, sender)->bucket, datagram->length, now.ns)) {
    qp_session_count(qp_session_counters(sessions, sender), QP_PACKETS_LIMITED, 1);
    return QP_RATE_LIMITED;
  }
  return endpoint == datagram->from->endpoint ? QP_SOURCE_IS_DESTINATION : ALLOWED;
}

static void relay_to(struct qp_relay *relay, const struct datagram *datagram, uint32_t id, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  const struct qp_session *to = qp_session_at(sessions, id);
  const struct qp_endpoint *endpoint = qp_session_endpoint(to);
  look_up_sender(sessions, datagram->from, now.ms);
  int refusal = refusal_of(relay, datagram, to, endpoint, now);
  if (refusal != ALLOWED)
    return count(relay, refusal);
  uint32_t sender = datagram->from->sender;
  const struct qp_way way = {
    .to = &endpoint->name,
    .from_counters = sender == QP_NO_SESSION ? NULL : qp_session_counters(sessions, sender),
    .to_counters = qp_session_counters(sessions, id),
    .ecn = datagram->from->ecn,
    .lane = QP_LANE_RELAY,
  };
  qp_outbox_add(&relay->public_outbox, &way, datagram->data, datagram->length);
}

/** Only packets from the dialer's own address follow its pin. */
static void relay_pinned(struct qp_relay *relay, const struct datagram *datagram, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  const struct qp_pin *pin = datagram->sorted.pin;
  const struct qp_endpoint *dialer = qp_session_endpoint(qp_session_at(sessions, pin->from));
  look_up_sender(sessions, datagram->from, now.ms);
  if (!dialer || dialer != datagram->from->endpoint)
    return count(relay, QP_PIN_SOURCE);
  relay_to(relay, datagram, pin->to, now);
}

static void pass_to_gateway(struct qp_relay *relay, const struct datagram *datagram, struct qp_now now)
{
  struct qp_received *from = datagram->from;
  enum qp_counter refusal = QP_NO_UPSTREAM;
  if (relay->tables->has_upstream && !from->client)
    from->client = qp_splice_admit(&relay->splice, &from->source, now.ms, now.ns, &refusal);
  if (!from->client)
    return count(relay, refusal);
  from->client->datagrams++;
  const struct qp_way way = {
    .to = &relay->tables->upstream_name,
    .local_ipv4 = from->client->virtual_ipv4,
    .ecn = from->ecn,
    .lane = QP_LANE_GATEWAY_IN,
  };
  qp_outbox_add(&relay->upstream_outbox, &way, datagram->data, datagram->length);
}

static void hand_over_stun(struct qp_relay *relay, const struct datagram *datagram)
{
  if (qp_report_datagram(&relay->tables->reports, datagram->data, datagram->length, &datagram->from->source))
    return;
  count(relay, QP_STUN_OVERLOADED);
  count(relay, QP_STUN_UNANSWERED);
}

static void dispatch(struct qp_relay *relay, const struct datagram *datagram, struct qp_now now)
{
  switch (datagram->sorted.verdict) {
  case QP_VERDICT_SESSION:
    return relay_to(relay, datagram, datagram->sorted.session, now);
  case QP_VERDICT_PINNED:
    return relay_pinned(relay, datagram, now);
  case QP_VERDICT_GATEWAY:
    return pass_to_gateway(relay, datagram, now);
  case QP_VERDICT_STUN:
    return hand_over_stun(relay, datagram);
  case QP_VERDICT_UNDIRECTED:
    return count(relay, QP_NO_DESTINATION);
  case QP_VERDICT_EMPTY:
    return count(relay, QP_EMPTY);
  }
}

/** Senders send in bursts: most datagrams have the connection ID of the one before. */
static bool has_same_destination(const struct datagram *datagram, const struct datagram *before)
{
  const uint8_t *destination = datagram->header.destination;
  return destination && before && before->header.destination &&
         memcmp(destination, before->header.destination, QP_CID_BYTES) == 0;
}

static void parse(const struct qp_relay *relay, struct datagram *datagram, const struct datagram *before)
{
  const struct qp_routes *routes = &relay->tables->sessions.routes;
  datagram->header = qp_parse(datagram->data, datagram->data + datagram->length);
  datagram->follows = has_same_destination(datagram, before);
  if (!datagram->header.destination || datagram->follows)
    return;
  datagram->hash = qp_routes_hash(routes, datagram->header.destination);
  qp_routes_prefetch(routes, datagram->hash);
}

static void sort(const struct qp_relay *relay, struct datagram *datagram, int64_t now_ms)
{
  const struct qp_tables *tables = relay->tables;
  if (datagram->follows) {
    datagram->hash = datagram[-1].hash;
    datagram->sorted = datagram[-1].sorted;
    if (datagram->sorted.verdict == QP_VERDICT_SESSION)
      return;
  }
  datagram->sorted = qp_sort(&datagram->header, datagram->hash, &tables->sessions.routes, &tables->pins, now_ms);
  if (datagram->sorted.verdict != QP_VERDICT_SESSION)
    return;
  __builtin_prefetch(qp_session_at(&tables->sessions, datagram->sorted.session));
  __builtin_prefetch(qp_session_counters(&tables->sessions, datagram->sorted.session), 1);
}

static void work_off(struct qp_relay *relay, struct datagram *window, unsigned filled, struct qp_now now)
{
  for (unsigned i = 0; i < filled; i++)
    parse(relay, &window[i], i > 0 ? &window[i - 1] : NULL);
  for (unsigned i = 0; i < filled; i++)
    sort(relay, &window[i], now.ms);
  for (unsigned i = 0; i < filled; i++)
    if (window[i].sorted.verdict == QP_VERDICT_SESSION)
      __builtin_prefetch(qp_session_endpoint(qp_session_at(&relay->tables->sessions, window[i].sorted.session)));
  for (unsigned i = 0; i < filled; i++)
    dispatch(relay, &window[i], now);
}

/** How many bytes of a message its next datagram has, from `at` on. */
static uint32_t next_length(const struct qp_received *received, uint32_t at)
{
  uint32_t left = received->length - at;
  return left < received->segment_bytes ? left : received->segment_bytes;
}

void qp_relay_public(struct qp_relay *relay, struct qp_received *received, unsigned messages, struct qp_now now)
{
  struct datagram window[WINDOW];
  unsigned filled = 0;
  for (unsigned i = 0; i < messages; i++) {
    /* One 4-tuple may carry gateway and relay packets mixed, so every datagram is looked at; an empty one too. */
    uint32_t at = 0;
    do {
      uint32_t length = next_length(&received[i], at);
      window[filled++] = (struct datagram){ .data = received[i].data + at, .length = length, .from = &received[i] };
      at += length;
      if (filled == WINDOW) {
        work_off(relay, window, filled, now);
        filled = 0;
      }
    } while (at < received[i].length);
  }
  work_off(relay, window, filled, now);
}

static void pass_to_client(struct qp_relay *relay, struct qp_received *received)
{
  const struct qp_client *client = NULL;
  if (qp_same_address(&received->source, &relay->tables->upstream))
    client = qp_splice_client(&relay->splice, received->local_ipv4);
  uint32_t at = 0;
  do {
    uint32_t length = next_length(received, at);
    if (client) {
      const struct qp_way way = { .to = &client->name, .ecn = received->ecn, .lane = QP_LANE_GATEWAY_OUT };
      qp_outbox_add(&relay->public_outbox, &way, received->data + at, length);
    } else
      count(relay, QP_GATEWAY_STRAY);
    at += length;
  } while (at < received->length);
}

void qp_relay_upstream(struct qp_relay *relay, struct qp_received *received, unsigned messages)
{
  for (unsigned i = 0; i < messages; i++)
    pass_to_client(relay, &received[i]);
}
