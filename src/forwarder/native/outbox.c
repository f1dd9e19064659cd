#include "outbox.h"

#include <errno.h>

#include "departure.h"

void qp_outbox_init(struct qp_outbox *outbox, struct qp_counters *counters, bool may_segment)
{
  outbox->counters = counters;
  outbox->may_segment = may_segment;
  outbox->batch = 1;
}

static bool same_way(const struct qp_way *a, const struct qp_way *b)
{
  return a->to == b->to && a->from_counters == b->from_counters && a->to_counters == b->to_counters &&
         a->local_ipv4 == b->local_ipv4 && a->ecn == b->ecn && a->lane == b->lane;
}

/** Fibonacci hashing of what tells most ways apart. Two ways at one place only cost a message more. */
static struct qp_group_index *index_of(struct qp_outbox *outbox, const struct qp_way *way)
{
  uint64_t word = (uintptr_t)way->to ^ (uintptr_t)way->to_counters << 1 ^ (uint64_t)way->local_ipv4 << 20;
  return &outbox->index[word * 0x9e3779b97f4a7c15 >> (64 - QP_GROUP_INDEX_BITS)];
}

/** An empty datagram is a message of its own: among others it would vanish. */
static bool may_join(const struct qp_group *group, const struct qp_way *way, uint32_t length)
{
  return !group->is_closed && group->count < QP_GROUP_PACKETS && length > 0 && length <= group->segment_bytes &&
         group->bytes + length <= QP_GROUP_BYTES && same_way(&group->way, way);
}

static void append(struct qp_outbox *outbox, struct qp_group *group, uint32_t packet)
{
  uint32_t length = outbox->packets[packet].length;
  if (group->count > 0)
    outbox->packets[group->last].next = packet;
  else
    group->first = packet;
  group->last = packet;
  group->count++;
  group->bytes += length;
  group->is_closed = length < group->segment_bytes;
}

static void drop(struct qp_outbox *outbox, enum qp_lane lane, enum qp_counter reason, uint32_t count)
{
  qp_count(outbox->counters, lane == QP_LANE_RELAY ? reason : QP_GATEWAY_SEND_FAILED, count);
}

void qp_outbox_add(struct qp_outbox *outbox, const struct qp_way *way, uint8_t *data, uint32_t length)
{
  if (outbox->packet_count == QP_OUTBOX_PACKETS)
    return drop(outbox, way->lane, QP_SEND_BUFFER_FULL, 1);
  uint32_t packet = outbox->packet_count++;
  outbox->packets[packet] = (struct qp_packet){ .data = data, .length = length };
  struct qp_group_index *index = index_of(outbox, way);
  if (outbox->may_segment && index->batch == outbox->batch && may_join(&outbox->groups[index->group], way, length))
    return append(outbox, &outbox->groups[index->group], packet);
  *index = (struct qp_group_index){ .batch = outbox->batch, .group = outbox->group_count };
  struct qp_group *group = &outbox->groups[outbox->group_count++];
  *group = (struct qp_group){ .way = *way, .segment_bytes = length };
  append(outbox, group, packet);
}

/** Counts a message that the system took. */
static void credit(struct qp_outbox *outbox, const struct qp_group *group, uint32_t count, uint32_t bytes)
{
  const struct qp_way *way = &group->way;
  if (way->lane != QP_LANE_RELAY)
    return qp_count(outbox->counters, way->lane == QP_LANE_GATEWAY_IN ? QP_GATEWAY_IN : QP_GATEWAY_OUT, count);
  qp_count(outbox->counters, QP_RELAYED_PACKETS, count);
  qp_count(outbox->counters, QP_RELAYED_BYTES, bytes);
  qp_session_count(way->to_counters, QP_PACKETS_TO, count);
  qp_session_count(way->to_counters, QP_BYTES_TO, bytes);
  if (!way->from_counters)
    return;
  qp_session_count(way->from_counters, QP_PACKETS_FROM, count);
  qp_session_count(way->from_counters, QP_BYTES_FROM, bytes);
}

static bool is_full(int error)
{
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

static void blame(struct qp_outbox *outbox, const struct qp_group *group, int error, uint32_t count)
{
  drop(outbox, group->way.lane, is_full(error) ? QP_SEND_BUFFER_FULL : QP_SEND_FAILED, count);
}

/**
 * Sends one message as often as an error of an earlier one, which the system reports at the next call (an ICMP
 * message that came back), keeps it from leaving. Returns 0 or the error.
 */
static int send_message(int socket, const struct msghdr *message)
{
  for (int attempts = 0; attempts < 3; attempts++) {
    if (sendmsg(socket, message, MSG_DONTWAIT) >= 0)
      return 0;
    if (errno != EINTR && errno != ECONNREFUSED)
      break;
  }
  return errno;
}

/** The datagrams of a message that was refused as a whole, one by one. */
static void send_singly(struct qp_outbox *outbox, const struct qp_group *group, int socket)
{
  struct msghdr message;
  struct iovec vector;
  _Alignas(struct cmsghdr) uint8_t control[QP_SEND_CONTROL_BYTES];
  uint32_t packet = group->first;
  for (uint32_t i = 0; i < group->count; i++, packet = outbox->packets[packet].next) {
    qp_departure_write(outbox, group, packet, 1, &message, control, &vector);
    int error = send_message(socket, &message);
    if (error)
      blame(outbox, group, error, 1);
    else
      credit(outbox, group, 1, outbox->packets[packet].length);
  }
}

/** Decides about the first of `count` messages that the system did not take; returns how many are done with. */
static uint32_t settle(struct qp_outbox *outbox, const struct qp_group *groups, uint32_t count, int error, int socket)
{
  if (!is_full(error)) {
    /* The device cannot checksum what it would cut up; nor will it for the next message. */
    if (error == EIO && groups->count > 1)
      outbox->may_segment = false;
    send_singly(outbox, groups, socket);
    return 1;
  }
  /* ENOBUFS is about one device's queue; the socket's own buffer has no room for the others either. */
  uint32_t refused = error == ENOBUFS ? 1 : count;
  for (uint32_t i = 0; i < refused; i++)
    blame(outbox, &groups[i], error, groups[i].count);
  return refused;
}

static void send_groups(struct qp_outbox *outbox, const struct qp_group *groups, uint32_t count, int socket)
{
  for (uint32_t done = 0; done < count;) {
    int sent = sendmmsg(socket, outbox->messages + done, count - done, MSG_DONTWAIT);
    for (int i = 0; i < sent; i++, done++)
      credit(outbox, &groups[done], groups[done].count, groups[done].bytes);
    if (sent < 0 && errno != EINTR)
      done += settle(outbox, &groups[done], count - done, errno, socket);
  }
}

void qp_outbox_flush(struct qp_outbox *outbox, int socket)
{
  for (uint32_t first = 0; first < outbox->group_count; first += QP_SEND_MESSAGES) {
    const struct qp_group *groups = &outbox->groups[first];
    uint32_t left = outbox->group_count - first;
    uint32_t count = left < QP_SEND_MESSAGES ? left : QP_SEND_MESSAGES;
    struct iovec *vectors = outbox->vectors;
    for (uint32_t i = 0; i < count; i++)
      vectors += qp_departure_write(outbox, &groups[i], groups[i].first, groups[i].count,
                                    &outbox->messages[i].msg_hdr, outbox->control[i], vectors);
    send_groups(outbox, groups, count, socket);
  }
  qp_outbox_clear(outbox);
}

void qp_outbox_clear(struct qp_outbox *outbox)
{
  outbox->packet_count = outbox->group_count = 0;
  outbox->batch++;
}
