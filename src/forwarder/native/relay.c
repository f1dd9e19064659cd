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

static void count(struct qp_relay *relay, enum qp_counter counter, uint32_t amount)
{
  qp_count(&relay->counters, counter, amount);
}

/** Datagrams of one message, one after the other, that lead to the same session. */
struct burst {
  uint8_t *data;
  uint32_t bytes, segment_bytes, count;
  struct qp_received *from;
};

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

/** Takes what the burst costs from its sender's bucket; tells whether it was there. */
static bool pay(const struct qp_sessions *sessions, const struct burst *burst, uint64_t now_ns)
{
  uint32_t payer = burst->from->sender;
  return payer == QP_NO_SESSION || qp_bucket_take(&qp_session_at(sessions, payer)->bucket, burst->bytes, now_ns);
}

/** Why the burst may not go to `to`, as the counter of the refusal, or `ALLOWED`. */
static int refusal_of(const struct qp_relay *relay, const struct burst *burst, const struct qp_session *to,
                      const struct qp_endpoint *endpoint, int64_t now_ms)
{
  if (qp_session_is_expired(to, now_ms))
    return QP_SESSION_EXPIRED;
  if (!endpoint)
    return QP_NO_ADDRESS;
  if (burst->from->sender == QP_NO_SESSION && relay->tables->is_source_checked)
    return QP_SOURCE_UNREGISTERED;
  return ALLOWED;
}

static void send_burst(struct qp_relay *relay, const struct burst *burst, uint32_t id,
                       const struct qp_endpoint *endpoint)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  uint32_t sender = burst->from->sender;
  const struct qp_way way = {
    .to = &endpoint->name,
    .from_counters = sender == QP_NO_SESSION ? NULL : qp_session_counters(sessions, sender),
    .to_counters = qp_session_counters(sessions, id),
    .ecn = burst->from->ecn,
    .lane = QP_LANE_RELAY,
  };
  qp_outbox_add(&relay->public_outbox, &way, burst->data, burst->bytes, burst->segment_bytes);
}

static void relay_singly(struct qp_relay *relay, const struct burst *burst, uint32_t id, struct qp_now now);

static void limit(struct qp_relay *relay, const struct burst *burst)
{
  qp_session_count(qp_session_counters(&relay->tables->sessions, burst->from->sender), QP_PACKETS_LIMITED, 1);
  count(relay, QP_RATE_LIMITED, 1);
}

static void relay_burst(struct qp_relay *relay, const struct burst *burst, uint32_t id, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  const struct qp_session *to = qp_session_at(sessions, id);
  const struct qp_endpoint *endpoint = qp_session_endpoint(to);
  look_up_sender(sessions, burst->from, now.ms);
  int refusal = refusal_of(relay, burst, to, endpoint, now.ms);
  if (refusal != ALLOWED)
    return count(relay, refusal, burst->count);
  if (!pay(sessions, burst, now.ns))
    return burst->count > 1 ? relay_singly(relay, burst, id, now) : limit(relay, burst);
  if (endpoint == burst->from->endpoint)
    return count(relay, QP_SOURCE_IS_DESTINATION, burst->count);
  send_burst(relay, burst, id, endpoint);
}

/** The datagrams of a burst that the bucket does not pay for as a whole, one by one. */
static void relay_singly(struct qp_relay *relay, const struct burst *burst, uint32_t id, struct qp_now now)
{
  struct burst single = { .data = burst->data, .count = 1, .from = burst->from };
  for (uint32_t left = burst->bytes; left > 0; left -= single.bytes, single.data += single.bytes) {
    single.bytes = single.segment_bytes = left < burst->segment_bytes ? left : burst->segment_bytes;
    relay_burst(relay, &single, id, now);
  }
}

/** The burst that `count` datagrams of a window are. */
static struct burst burst_of(const struct datagram *first, uint32_t datagrams)
{
  const struct datagram *last = &first[datagrams - 1];
  return (struct burst){
    .data = first->data,
    .bytes = (uint32_t)(last->data - first->data) + last->length,
    .segment_bytes = first->length,
    .count = datagrams,
    .from = first->from,
  };
}

/** Only packets from the dialer's own address follow its pin. */
static void relay_pinned(struct qp_relay *relay, const struct datagram *datagram, struct qp_now now)
{
  const struct qp_sessions *sessions = &relay->tables->sessions;
  const struct qp_pin *pin = datagram->sorted.pin;
  const struct qp_endpoint *dialer = qp_session_endpoint(qp_session_at(sessions, pin->from));
  look_up_sender(sessions, datagram->from, now.ms);
  if (!dialer || dialer != datagram->from->endpoint)
    return count(relay, QP_PIN_SOURCE, 1);
  const struct burst single = burst_of(datagram, 1);
  relay_burst(relay, &single, pin->to, now);
}

static void pass_to_gateway(struct qp_relay *relay, const struct datagram *datagram, struct qp_now now)
{
  struct qp_received *from = datagram->from;
  enum qp_counter refusal = QP_NO_UPSTREAM;
  if (relay->tables->has_upstream && !from->client)
    from->client = qp_splice_admit(&relay->splice, &from->source, now.ms, now.ns, &refusal);
  if (!from->client)
    return count(relay, refusal, 1);
  from->client->datagrams++;
  const struct qp_way way = {
    .to = &relay->tables->upstream_name,
    .local_ipv4 = from->client->virtual_ipv4,
    .ecn = from->ecn,
    .lane = QP_LANE_GATEWAY_IN,
  };
  qp_outbox_add(&relay->upstream_outbox, &way, datagram->data, datagram->length, datagram->length);
}

static void hand_over_stun(struct qp_relay *relay, const struct datagram *datagram)
{
  if (qp_report_datagram(&relay->tables->reports, datagram->data, datagram->length, &datagram->from->source))
    return;
  count(relay, QP_STUN_OVERLOADED, 1);
  count(relay, QP_STUN_UNANSWERED, 1);
}

static void relay_to_session(struct qp_relay *relay, const struct datagram *first, unsigned datagrams,
                             struct qp_now now)
{
  const struct burst burst = burst_of(first, datagrams);
  relay_burst(relay, &burst, first->sorted.session, now);
}

/** Does what the verdict says with one datagram, or with the burst of a session's that it is the first of. */
static void dispatch(struct qp_relay *relay, const struct datagram *datagram, unsigned burst, struct qp_now now)
{
  switch (datagram->sorted.verdict) {
  case QP_VERDICT_SESSION:
    return relay_to_session(relay, datagram, burst, now);
  case QP_VERDICT_PINNED:
    return relay_pinned(relay, datagram, now);
  case QP_VERDICT_GATEWAY:
    return pass_to_gateway(relay, datagram, now);
  case QP_VERDICT_STUN:
    return hand_over_stun(relay, datagram);
  case QP_VERDICT_UNDIRECTED:
    return count(relay, QP_NO_DESTINATION, 1);
  case QP_VERDICT_EMPTY:
    return count(relay, QP_EMPTY, 1);
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

/** How many datagrams from `first` on are one burst: of one message and for one session. */
static unsigned burst_length(const struct datagram *window, unsigned first, unsigned filled)
{
  unsigned next = first + 1;
  if (window[first].sorted.verdict != QP_VERDICT_SESSION)
    return 1;
  while (next < filled && window[next].follows && window[next].from == window[first].from &&
         window[next].sorted.verdict == QP_VERDICT_SESSION && window[next].sorted.session == window[first].sorted.session)
    next++;
  return next - first;
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
  for (unsigned i = 0, datagrams; i < filled; i += datagrams) {
    datagrams = burst_length(window, i, filled);
    dispatch(relay, &window[i], datagrams, now);
  }
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
  if (!client)
    return count(relay, QP_GATEWAY_STRAY, qp_datagrams_of(received->length, received->segment_bytes));
  const struct qp_way way = { .to = &client->name, .ecn = received->ecn, .lane = QP_LANE_GATEWAY_OUT };
  qp_outbox_add(&relay->public_outbox, &way, received->data, received->length, received->segment_bytes);
}

void qp_relay_upstream(struct qp_relay *relay, struct qp_received *received, unsigned messages)
{
  for (unsigned i = 0; i < messages; i++)
    pass_to_client(relay, &received[i]);
}
