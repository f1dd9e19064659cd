#include "reader.h"

#include "../harness/check.h"
#include "../harness/kernel.h"

enum { PUBLIC_SOCKET = 100, UPSTREAM_SOCKET = 101 };

static bool is_anchor(struct label label)
{
  return label.owner == ANCHOR;
}

/** No datagram may go where its connection ID never led, and those to the anchor may go only there. */
static void leave(void *context, const struct sent_datagram *sent_datagram)
{
  struct reader *reader = context;
  struct label label = label_of(sent_datagram->data);
  if (sent_datagram->socket == UPSTREAM_SOCKET)
    CHECK(!is_anchor(label) && qp_same_address(&sent_datagram->to, &reader->rig->tables.upstream));
  else
    CHECK(owner_of(&sent_datagram->to) == label.owner && is_of_host(&sent_datagram->local));
  reader->left++;
  reader->anchor_left += is_anchor(label);
}

static struct label choose_label(struct random *random)
{
  static const uint8_t rare[] = { ANCHOR, FOREIGN };
  uint32_t owner = random_below(random, OWNERS + 4);
  return (struct label){
    .owner = owner < OWNERS ? (uint8_t)owner : rare[owner % 2],
    .number = (uint8_t)random_below(random, owner < OWNERS ? OWNER_CIDS : ANCHOR_CIDS),
    .is_initial = random_below(random, 8) == 0,
  };
}

/** Chooses a source that may always send, one that comes and goes, or one without a session. */
static struct qp_address choose_source(struct random *random, unsigned reader)
{
  uint32_t choice = random_below(random, 8);
  if (choice < 5)
    return owner_address(SENDER, 0);
  if (choice < 7)
    return owner_address(random_below(random, OWNERS), random_below(random, OWNER_ADDRESSES));
  return owner_address(STRANGER, reader * 4 + random_below(random, 4));
}

static void make_message(struct reader *reader, unsigned i)
{
  uint32_t segments = 1 + random_below(&reader->random, 16);
  struct qp_received *received = &reader->received[i];
  *received = (struct qp_received){
    .data = reader->buffer[i],
    .length = segments * DATAGRAM_BYTES,
    .segment_bytes = DATAGRAM_BYTES,
    .source = choose_source(&reader->random, reader->index),
  };
  struct qp_address sender = owner_address(SENDER, 0);
  bool may_reach_anchor = qp_same_address(&received->source, &sender);
  for (uint32_t at = 0; at < received->length; at += DATAGRAM_BYTES) {
    struct label label = choose_label(&reader->random);
    if (is_anchor(label) && !may_reach_anchor)
      label.owner = FOREIGN;
    write_datagram(received->data + at, label);
    reader->anchor_given += is_anchor(label);
  }
  reader->given += segments;
}

/** Makes an answer of the gateway, to a client that is there or to one that is gone. */
static void make_answer(struct reader *reader, unsigned i, uint32_t virtual_ipv4)
{
  struct qp_received *received = &reader->received[i];
  *received = (struct qp_received){
    .data = reader->buffer[i],
    .length = DATAGRAM_BYTES,
    .segment_bytes = DATAGRAM_BYTES,
    .source = reader->rig->tables.upstream,
    .local = qp_mapped_ip(virtual_ipv4),
  };
  write_datagram(received->data, (struct label){ .owner = STRANGER });
  reader->given++;
}

static uint32_t a_client_of(const struct qp_splice *splice)
{
  size_t cursor = 0;
  const struct qp_client *client = qp_table_next(&splice->by_path, &cursor);
  return client ? client->virtual_ipv4 : 0;
}

static void forward(struct reader *reader, struct qp_now now)
{
  struct qp_relay *relay = &reader->rig->workers[reader->index].relay;
  for (unsigned i = 0; i < QP_INBOX_MESSAGES; i++)
    make_message(reader, i);
  qp_relay_public(relay, reader->received, QP_INBOX_MESSAGES, now);
  qp_outbox_flush(&relay->public_outbox, PUBLIC_SOCKET);
  qp_outbox_flush(&relay->upstream_outbox, UPSTREAM_SOCKET);
  uint32_t client = a_client_of(&relay->splice);
  atomic_store_explicit(&reader->client, client, memory_order_relaxed);
  struct qp_client_view view;
  if (client && qp_splice_look_up(&relay->splice, client, now.ms, &view) && owner_of(&view.path.peer) == STRANGER)
    make_answer(reader, 0, client);
  else
    make_answer(reader, 0, 0);
  qp_relay_upstream(relay, reader->received, 1);
  qp_outbox_flush(&relay->public_outbox, PUBLIC_SOCKET);
}

void *run_reader(void *argument)
{
  struct reader *reader = argument;
  struct kernel fake = { .leave = leave, .context = reader };
  kernel = &fake;
  struct qp_worker *worker = &reader->rig->workers[reader->index];
  while (!atomic_load_explicit(reader->is_over, memory_order_relaxed)) {
    struct qp_now now = qp_worker_now(worker);
    qp_grace_enter(&reader->rig->tables.grace, reader->index);
    forward(reader, now);
    if (random_below(&reader->random, 64) == 0)
      qp_splice_sweep(&worker->relay.splice, now.ms + 1000000, now.ns);
    qp_grace_leave(&reader->rig->tables.grace, reader->index);
  }
  return NULL;
}
