#include "outbox.h"

#include <errno.h>

void qp_outbox_init(struct qp_outbox *outbox, struct qp_counters *counters, bool may_segment)
{
  outbox->counters = counters;
  outbox->may_segment = may_segment;
  outbox->batch = 1;
}

static bool same_destination(const struct qp_destination *a, const struct qp_destination *b)
{
  return a->to == b->to && a->payer == b->payer && a->receiver == b->receiver && a->ecn == b->ecn &&
         a->direction == b->direction && qp_same_local(&a->local, &b->local);
}

/** Fibonacci hashing of the fields that tell most destinations apart. A collision only costs an extra message. */
static struct qp_group_index *index_of(struct qp_outbox *outbox, const struct qp_destination *destination)
{
  uint64_t word =
    (uintptr_t)destination->to ^ (uintptr_t)destination->receiver << 1 ^ (uint64_t)destination->local.words[3] << 20;
  return &outbox->index[word * 0x9e3779b97f4a7c15 >> (64 - QP_GROUP_INDEX_BITS)];
}

/** An empty datagram needs its own message: joined with others it would vanish. */
static bool may_join(const struct qp_group *group, const struct qp_destination *destination, uint32_t length,
                     uint32_t segment_bytes)
{
  bool fits =
    length > segment_bytes ? segment_bytes == group->segment_bytes : length > 0 && length <= group->segment_bytes;
  return fits && !group->is_closed && group->count + qp_datagrams_of(length, segment_bytes) <= QP_GROUP_PACKETS &&
         group->bytes + length <= QP_GROUP_BYTES && same_destination(&group->destination, destination);
}

static void append(struct qp_outbox *outbox, struct qp_group *group, uint32_t run)
{
  uint32_t length = outbox->runs[run].length;
  if (group->count > 0)
    outbox->runs[group->last].next = run;
  else
    group->first = run;
  group->last = run;
  group->runs++;
  group->count += qp_datagrams_of(length, group->segment_bytes);
  group->bytes += length;
  group->is_closed = length == 0 || length % group->segment_bytes != 0;
}

static void drop(struct qp_outbox *outbox, enum qp_direction direction, enum qp_counter reason, uint32_t count)
{
  qp_count(outbox->counters, direction == QP_DIRECTION_RELAY ? reason : QP_GATEWAY_SEND_FAILED, count);
}

/** Adds a run that fits one message. */
static void add_run(struct qp_outbox *outbox, const struct qp_destination *destination, uint8_t *data, uint32_t length,
                    uint32_t segment_bytes)
{
  if (outbox->run_count == QP_OUTBOX_RUNS)
    return drop(outbox, destination->direction, QP_SEND_BUFFER_FULL, qp_datagrams_of(length, segment_bytes));
  uint32_t run = outbox->run_count++;
  outbox->runs[run] = (struct qp_run){ .data = data, .length = length };
  struct qp_group_index *index = index_of(outbox, destination);
  if (outbox->may_segment && index->batch == outbox->batch &&
      may_join(&outbox->groups[index->group], destination, length, segment_bytes))
    return append(outbox, &outbox->groups[index->group], run);
  *index = (struct qp_group_index){ .batch = outbox->batch, .group = outbox->group_count };
  struct qp_group *group = &outbox->groups[outbox->group_count++];
  *group =
    (struct qp_group){ .destination = *destination, .segment_bytes = length < segment_bytes ? length : segment_bytes };
  append(outbox, group, run);
}

/** Returns how many bytes of a run fit one message: whole datagrams, at least one. */
static uint32_t most_bytes(const struct qp_outbox *outbox, uint32_t segment_bytes)
{
  if (!outbox->may_segment || segment_bytes > QP_GROUP_BYTES / 2)
    return segment_bytes;
  uint32_t count = QP_GROUP_BYTES / segment_bytes;
  return segment_bytes * (count < QP_GROUP_PACKETS ? count : QP_GROUP_PACKETS);
}

void qp_outbox_add(struct qp_outbox *outbox, const struct qp_destination *destination, uint8_t *data, uint32_t length,
                   uint32_t segment_bytes)
{
  if (length <= segment_bytes)
    return add_run(outbox, destination, data, length, segment_bytes);
  uint32_t most = most_bytes(outbox, segment_bytes);
  for (uint32_t at = 0; at < length; at += most)
    add_run(outbox, destination, data + at, length - at < most ? length - at : most, segment_bytes);
}

/** Counts a message that the system accepted. */
static void credit(struct qp_outbox *outbox, const struct qp_group *group, uint32_t count, uint32_t bytes)
{
  const struct qp_destination *destination = &group->destination;
  if (destination->direction != QP_DIRECTION_RELAY)
    return qp_count(outbox->counters,
                    destination->direction == QP_DIRECTION_GATEWAY_IN ? QP_GATEWAY_IN : QP_GATEWAY_OUT, count);
  qp_count(outbox->counters, QP_RELAYED_PACKETS, count);
  qp_count(outbox->counters, QP_RELAYED_BYTES, bytes);
  qp_add(&destination->receiver->counters[QP_PACKETS_TO], count);
  qp_add(&destination->receiver->counters[QP_BYTES_TO], bytes);
  if (!destination->payer)
    return;
  qp_add(&destination->payer->counters[QP_PACKETS_FROM], count);
  qp_add(&destination->payer->counters[QP_BYTES_FROM], bytes);
}

static bool is_full(int error)
{
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

static void blame(struct qp_outbox *outbox, const struct qp_group *group, int error, uint32_t count)
{
  /* The gateway's HTTP/3 server finds out the path's MTU by what does not arrive (RFC 8899). */
  if (error == EMSGSIZE && group->destination.direction == QP_DIRECTION_GATEWAY_OUT)
    return qp_count(outbox->counters, QP_GATEWAY_TOO_LONG, count);
  drop(outbox, group->destination.direction, is_full(error) ? QP_SEND_BUFFER_FULL : QP_SEND_FAILED, count);
}

/**
 * Sends one message, with up to three attempts: the system also reports errors of earlier messages (returned ICMP
 * messages) from this call. Returns 0 or the error.
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

static void send_one(struct qp_outbox *outbox, const struct qp_group *group, struct iovec datagram, int socket)
{
  struct msghdr message;
  _Alignas(struct cmsghdr) uint8_t control[QP_SEND_CONTROL_BYTES];
  qp_message_write(&group->destination, 0, &datagram, 1, &message, control);
  int error = send_message(socket, &message);
  if (error)
    blame(outbox, group, error, 1);
  else
    credit(outbox, group, 1, (uint32_t)datagram.iov_len);
}

/** Sends the datagrams of a refused message one by one. */
static void send_singly(struct qp_outbox *outbox, const struct qp_group *group, int socket)
{
  uint32_t run = group->first;
  for (uint32_t i = 0; i < group->runs; i++, run = outbox->runs[run].next) {
    uint8_t *data = outbox->runs[run].data;
    uint32_t left = outbox->runs[run].length;
    do {
      uint32_t length = left < group->segment_bytes ? left : group->segment_bytes;
      send_one(outbox, group, (struct iovec){ data, length }, socket);
      data += length;
      left -= length;
    } while (left > 0);
  }
}

/** Handles the first of `count` messages that the system did not accept. Returns how many are settled. */
static uint32_t settle(struct qp_outbox *outbox, const struct qp_group *groups, uint32_t count, int error, int socket)
{
  if (!is_full(error)) {
    /* The device cannot checksum segmented messages, and will not be able to for the next one. */
    if (error == EIO && groups->count > 1)
      outbox->may_segment = false;
    send_singly(outbox, groups, socket);
    return 1;
  }
  /* ENOBUFS concerns one device's queue. A full socket buffer has no room for the other messages either. */
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

/** Writes the vectors of a group's runs; adjacent runs share one. Returns their number. */
static size_t write_vectors(const struct qp_outbox *outbox, const struct qp_group *group, struct iovec *vectors)
{
  size_t used = 0;
  uint32_t run = group->first;
  for (uint32_t i = 0; i < group->runs; i++, run = outbox->runs[run].next) {
    const struct qp_run *it = &outbox->runs[run];
    struct iovec *before = used > 0 ? &vectors[used - 1] : NULL;
    if (before && (uint8_t *)before->iov_base + before->iov_len == it->data)
      before->iov_len += it->length;
    else
      vectors[used++] = (struct iovec){ it->data, it->length };
  }
  return used;
}

void qp_outbox_flush(struct qp_outbox *outbox, int socket)
{
  for (uint32_t first = 0; first < outbox->group_count; first += QP_SEND_MESSAGES) {
    const struct qp_group *groups = &outbox->groups[first];
    uint32_t left = outbox->group_count - first;
    uint32_t count = left < QP_SEND_MESSAGES ? left : QP_SEND_MESSAGES;
    struct iovec *vectors = outbox->vectors;
    for (uint32_t i = 0; i < count; i++) {
      size_t used = write_vectors(outbox, &groups[i], vectors);
      qp_message_write(&groups[i].destination, groups[i].count > 1 ? (uint16_t)groups[i].segment_bytes : 0, vectors,
                       used, &outbox->messages[i].msg_hdr, outbox->control[i]);
      vectors += used;
    }
    send_groups(outbox, groups, count, socket);
  }
  outbox->run_count = outbox->group_count = 0;
  outbox->batch++;
}
