/* The outbox's response to a kernel that refuses messages. */
#include <errno.h>

#include "../harness/check.h"
#include "../harness/sent.h"
#include "../harness/suite.h"

static struct sent sent;

/** Sends two messages of four datagrams to a kernel that gives these answers. */
static void send_two(const int answers[MAX_ANSWERS])
{
  sent_begin(&sent, true);
  for (unsigned to = 0; to < 2; to++) {
    struct qp_destination destination = sent_destination(&sent, to);
    for (int i = 0; i < 4; i++)
      sent_add(&sent, &destination, 1200);
  }
  memcpy(sent.answers, answers, sizeof sent.answers);
  sent_flush(&sent);
}

static void send_one_more(void)
{
  sent.count = sent.asked = 0;
  memset(sent.answers, 0, sizeof sent.answers);
  struct qp_destination destination = sent_destination(&sent, 0);
  sent_add(&sent, &destination, 1200);
  sent_add(&sent, &destination, 1200);
  sent_flush(&sent);
}

static void check_counts(uint64_t relayed, uint64_t failed, uint64_t full)
{
  CHECK(sent_counter(&sent, QP_RELAYED_PACKETS) == relayed);
  CHECK(sent_counter(&sent, QP_SEND_FAILED) == failed);
  CHECK(sent_counter(&sent, QP_SEND_BUFFER_FULL) == full);
}

static void gives_segmenting_up(void)
{
  send_two((const int[MAX_ANSWERS]){ EIO, 0, 0, 0, 0, EIO });
  CHECK(sent.count == 8 && sent.datagrams[0].segments == 1 && sent.datagrams[7].segments == 1);
  check_counts(8, 0, 0);
  send_one_more();
  CHECK(sent.count == 2 && sent.datagrams[0].segments == 1);
  sent_end(&sent);
}

static void sends_one_message_singly(void)
{
  send_two((const int[MAX_ANSWERS]){ EINVAL });
  CHECK(sent.count == 8 && sent.datagrams[0].segments == 1);
  check_counts(8, 0, 0);
  send_one_more();
  CHECK(sent.datagrams[0].segments == 2);
  sent_end(&sent);
}

static void drops_all_when_full(void)
{
  send_two((const int[MAX_ANSWERS]){ EAGAIN });
  CHECK(sent.count == 0 && sent.kernel.sendmsg_calls == 0);
  check_counts(0, 0, 8);
  sent_end(&sent);
}

static void tries_once_more(void)
{
  send_two((const int[MAX_ANSWERS]){ 0, EAGAIN });
  CHECK(sent.kernel.sendmmsg_calls == 2 && sent.count == 8);
  sent_end(&sent);
}

static void drops_one_when_a_device_is_full(void)
{
  send_two((const int[MAX_ANSWERS]){ ENOBUFS });
  CHECK(sent.count == 4 && sent.datagrams[0].to.port == sent.names[1].ipv6.sin6_port);
  check_counts(4, 0, 4);
  sent_end(&sent);
}

static void counts_the_unreachable(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0);
  sent_add(&sent, &destination, 1200);
  sent.answers[0] = sent.answers[1] = ENETUNREACH;
  sent_flush(&sent);
  CHECK(sent.count == 0);
  check_counts(0, 1, 0);
  sent_end(&sent);
}

static void is_not_about_this_message(void)
{
  send_two((const int[MAX_ANSWERS]){ ECONNREFUSED });
  CHECK(sent.count == 8);
  check_counts(8, 0, 0);
  sent_end(&sent);
  send_two((const int[MAX_ANSWERS]){ EINTR });
  CHECK(sent.count == 8 && sent.datagrams[0].segments == 4);
  check_counts(8, 0, 0);
  sent_end(&sent);
}

static void finds_the_culprit(void)
{
  send_two((const int[MAX_ANSWERS]){ 0, EINVAL });
  CHECK(sent.count == 8 && sent.datagrams[0].segments == 4 && sent.datagrams[4].segments == 1);
  check_counts(8, 0, 0);
  sent_end(&sent);
}

static void blames_the_gateway(void)
{
  sent_begin(&sent, true);
  struct qp_destination destination = sent_destination(&sent, 0);
  destination.direction = QP_DIRECTION_GATEWAY_IN;
  sent_add(&sent, &destination, 1200);
  sent.answers[0] = EAGAIN;
  sent_flush(&sent);
  CHECK(sent_counter(&sent, QP_GATEWAY_SEND_FAILED) == 1 && sent_counter(&sent, QP_GATEWAY_IN) == 0);
  check_counts(0, 0, 0);
  sent_end(&sent);
}

static void counts_probes_of_the_gateway_apart(void)
{
  for (int out = 0; out < 2; out++) {
    sent_begin(&sent, true);
    struct qp_destination destination = sent_destination(&sent, 0);
    destination.direction = out ? QP_DIRECTION_GATEWAY_OUT : QP_DIRECTION_GATEWAY_IN;
    sent_add(&sent, &destination, 1674);
    sent.answers[0] = sent.answers[1] = EMSGSIZE;
    sent_flush(&sent);
    CHECK(sent_counter(&sent, QP_GATEWAY_TOO_LONG) == (uint64_t)out);
    CHECK(sent_counter(&sent, QP_GATEWAY_SEND_FAILED) == (uint64_t)!out);
    check_counts(0, 0, 0);
    sent_end(&sent);
  }
}

static const struct test tests[] = {
  { "EIO: the datagrams leave singly, and none is ever segmented again", gives_segmenting_up },
  { "EINVAL: those of this message leave singly, the next are segmented again", sends_one_message_singly },
  { "EAGAIN: the buffer is full, all that is left is dropped without another try", drops_all_when_full },
  { "EAGAIN in the middle: what comes after it is tried once more", tries_once_more },
  { "ENOBUFS: one device is full, the message after it leaves", drops_one_when_a_device_is_full },
  { "ENETUNREACH: counted as failed", counts_the_unreachable },
  { "ECONNREFUSED and EINTR: about an earlier one or none, so all leave", is_not_about_this_message },
  { "an error in the middle is about the message it came for", finds_the_culprit },
  { "on the way to the gateway it is counted as the gateway's", blames_the_gateway },
  { "EMSGSIZE: what the gateway sends is counted as too long", counts_probes_of_the_gateway_apart },
};

const struct suite refusal_suite = SUITE("refusal", tests);
