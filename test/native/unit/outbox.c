#include "../harness/check.h"
#include "../harness/sent.h"
#include "../harness/suite.h"

static struct sent sent;

#define LEFT_IN(...) \
  sent_messages(&sent, (const unsigned[]){ __VA_ARGS__ }, sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))

static void add_many(const struct qp_destination *destination, unsigned count, uint32_t length)
{
  for (unsigned i = 0; i < count; i++)
    sent_add(&sent, destination, length);
}

/** Reports whether the datagrams left in the order in which they were added. */
static bool is_in_order(void)
{
  for (unsigned i = 1; i < sent.count; i++)
    if (sent.datagrams[i].data <= sent.datagrams[i - 1].data)
      return false;
  return true;
}

static void joins_one_destination(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0);
  add_many(&destination, 16, 1200);
  sent_flush(&sent);
  CHECK(LEFT_IN(16) && is_in_order() && sent.kernel.sendmmsg_calls == 1);
  CHECK(sent_counter(&sent, QP_RELAYED_PACKETS) == 16 && sent_counter(&sent, QP_RELAYED_BYTES) == 16 * 1200);
  CHECK(sent.receiver.counters[QP_PACKETS_TO] == 16 && sent.receiver.counters[QP_BYTES_TO] == 16 * 1200);
  CHECK(sent.payer.counters[QP_PACKETS_FROM] == 16 && sent.payer.counters[QP_BYTES_FROM] == 16 * 1200);
  sent_end(&sent);
}

static void ends_with_a_short_one(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 1);
  add_many(&destination, 2, 1200);
  add_many(&destination, 1, 1199);
  add_many(&destination, 2, 1200);
  add_many(&destination, 1, 1201);
  sent_flush(&sent);
  CHECK(LEFT_IN(3, 2, 1) && is_in_order());
  sent_end(&sent);
}

static void keeps_empty_ones_apart(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0);
  destination.direction = QP_DIRECTION_GATEWAY_OUT;
  add_many(&destination, 2, 0);
  add_many(&destination, 2, 100);
  add_many(&destination, 2, 0);
  sent_flush(&sent);
  CHECK(LEFT_IN(1, 1, 2, 1, 1));
  CHECK(sent_counter(&sent, QP_GATEWAY_OUT) == 6);
  sent_end(&sent);
}

static void keeps_the_order(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0), congested = destination;
  congested.ecn = 3;
  add_many(&destination, 3, 1200);
  add_many(&congested, 1, 1200);
  add_many(&destination, 3, 1200);
  sent_flush(&sent);
  CHECK(LEFT_IN(3, 1, 3) && is_in_order());
  CHECK(sent.datagrams[3].ecn == 3 && sent.datagrams[4].ecn == 0);
  sent_end(&sent);
}

static void joins_what_is_mixed(void)
{
  sent_begin(&sent, true);
  struct qp_destination destinations[2] = { sent_destination(&sent, 0), sent_destination(&sent, 1) };
  for (unsigned i = 0; i < 16; i++)
    sent_add(&sent, &destinations[i % 2], 1200);
  sent_flush(&sent);
  CHECK(LEFT_IN(8, 8));
  sent_end(&sent);
}

static void keeps_to_the_bounds(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0);
  add_many(&destination, 130, 1200);
  sent_flush(&sent);
  CHECK(LEFT_IN(54, 54, 22));
  sent.count = 0;
  add_many(&destination, 130, 100);
  sent_flush(&sent);
  CHECK(LEFT_IN(64, 64, 2));
  sent.count = 0;
  add_many(&destination, 2, 65507);
  sent_flush(&sent);
  CHECK(LEFT_IN(1, 1));
  sent_end(&sent);
}

static void sends_singly(void)
{
  sent_begin(&sent, false);
  struct qp_destination destination = sent_destination(&sent, 0);
  add_many(&destination, 200, 1200);
  sent_flush(&sent);
  CHECK(sent.count == 200 && sent.datagrams[0].segments == 1 && is_in_order() && sent.kernel.sendmmsg_calls == 4);
  sent_end(&sent);
}

static void drops_what_is_too_much(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0), from_gateway = destination;
  from_gateway.direction = QP_DIRECTION_GATEWAY_OUT;
  add_many(&destination, QP_OUTBOX_RUNS + 3, 20);
  add_many(&from_gateway, 2, 20);
  sent_flush(&sent);
  CHECK(sent.count == QP_OUTBOX_RUNS && sent_counter(&sent, QP_RELAYED_PACKETS) == QP_OUTBOX_RUNS);
  CHECK(sent_counter(&sent, QP_SEND_BUFFER_FULL) == 3 && sent_counter(&sent, QP_GATEWAY_SEND_FAILED) == 2);
  sent_end(&sent);
}

static void asks_for_a_source(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0);
  destination.direction = QP_DIRECTION_GATEWAY_IN;
  destination.local = qp_mapped_ip(htonl(0x7f010203));
  destination.ecn = 1;
  add_many(&destination, 2, 1200);
  sent_flush(&sent);
  CHECK(LEFT_IN(2) && qp_same_local(&sent.datagrams[1].local, &destination.local) && sent.datagrams[1].ecn == 1);
  CHECK(sent_counter(&sent, QP_GATEWAY_IN) == 2);
  sent_end(&sent);
}

static void keeps_sources_apart(void)
{
  sent_begin(&sent, true);
  struct qp_destination one = sent_destination(&sent, 1), other = one;
  one.local = (struct qp_ip){ .bytes = { 0x20, 1, [15] = 1 } };
  other.local = (struct qp_ip){ .bytes = { 0x20, 1, [15] = 2 } };
  add_many(&one, 2, 1200);
  add_many(&other, 2, 1200);
  add_many(&one, 1, 1200);
  sent_flush(&sent);
  CHECK(LEFT_IN(3, 2));
  for (unsigned i = 0; i < sent.count; i++)
    CHECK(qp_same_local(&sent.datagrams[i].local, i < 3 ? &one.local : &other.local));
  sent_end(&sent);
}

static const struct test tests[] = {
  { "joins datagrams of one destination into one message", joins_one_destination },
  { "ends a message with a short datagram, and begins one for a longer", ends_with_a_short_one },
  { "keeps an empty datagram apart, which would vanish in a message", keeps_empty_ones_apart },
  { "keeps the order of a flow whose marks change", keeps_the_order },
  { "joins what comes mixed", joins_what_is_mixed },
  { "makes no message of more than 64 datagrams or 65 000 bytes", keeps_to_the_bounds },
  { "sends each alone where the kernel cannot segment", sends_singly },
  { "drops and counts what is more than it holds", drops_what_is_too_much },
  { "keeps apart what leaves from different addresses of the host", keeps_sources_apart },
  { "asks for the virtual source and the ECN bits of a whole message", asks_for_a_source },
};

const struct suite outbox_suite = SUITE("outbox", tests);
