#include "sent.h"

#include <stdlib.h>

#include "check.h"
#include "rig.h"

static int answer(void *context, int socket, const struct msghdr *message)
{
  struct sent *sent = context;
  (void)socket, (void)message;
  return sent->asked < MAX_ANSWERS ? sent->answers[sent->asked++] : 0;
}

static void write_down(void *context, const struct sent_datagram *sent_datagram)
{
  struct sent *sent = context;
  CHECK(sent->count < MAX_SENT);
  sent->datagrams[sent->count++] = *sent_datagram;
}

void sent_begin(struct sent *sent, bool may_segment)
{
  memset(sent, 0, sizeof *sent);
  sent->outbox = calloc(1, sizeof *sent->outbox);
  sent->bytes = calloc(1, SENT_BYTES);
  CHECK(sent->outbox && sent->bytes);
  qp_outbox_init(sent->outbox, &sent->counters, may_segment);
  for (unsigned to = 0; to < 2; to++) {
    struct qp_address address = address_of(to);
    sent->names[to] = qp_name_of_address(&address, AF_INET6);
  }
  sent->kernel = (struct kernel){ .decide = answer, .leave = write_down, .context = sent };
  kernel = &sent->kernel;
}

void sent_end(struct sent *sent)
{
  kernel = NULL;
  free(sent->bytes);
  free(sent->outbox);
}

struct qp_destination sent_destination(struct sent *sent, unsigned to)
{
  return (struct qp_destination){
    .to = &sent->names[to],
    .payer = &sent->payer,
    .receiver = &sent->receiver,
    .direction = QP_DIRECTION_RELAY,
  };
}

void sent_add(struct sent *sent, const struct qp_destination *destination, uint32_t length)
{
  CHECK(sent->used + length + 1 <= SENT_BYTES);
  qp_outbox_add(sent->outbox, destination, sent->bytes + sent->used, length, length);
  sent->used += length + 1;
}

void sent_flush(struct sent *sent)
{
  qp_outbox_flush(sent->outbox, 100);
}

uint64_t sent_counter(const struct sent *sent, enum qp_counter counter)
{
  return qp_load(&sent->counters.values[counter]);
}

bool sent_messages(const struct sent *sent, const unsigned *segments, unsigned count)
{
  unsigned at = 0, messages = 0;
  for (; at < sent->count; at += sent->datagrams[at].segments, messages++)
    if (messages >= count || sent->datagrams[at].segments != segments[messages])
      return false;
  return messages == count && at == sent->count;
}
