/* Real sockets over loopback, to show that the kernel joins datagrams and cuts them up, and keeps their ECN bits. */
#include "../../../src/forwarder/native/io/socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <unistd.h>

#include "../../../src/forwarder/native/io/inbox.h"
#include "../../../src/forwarder/native/io/outbox.h"
#include "../../../src/forwarder/native/memory/pages.h"
#include "../harness/check.h"
#include "../harness/suite.h"

enum { COUNT = 10, BYTES = 1200, WAIT_MS = 2000 };

/** A sending and a receiving socket, with an outbox and an inbox. */
struct pair {
  int from, to;
  struct qp_name name;
  struct qp_outbox *outbox;
  struct qp_counters counters;
  struct qp_session_state receiver;
  struct qp_inbox inbox;
  uint8_t data[COUNT * BYTES];
};

static struct pair pair;

static int open_at(const char *ip, int family, struct qp_address *bound)
{
  const struct qp_socket_options options = { .buffer_bytes = 1 << 20 };
  struct qp_failure failure;
  struct qp_address address;
  CHECK(qp_parse_address(ip, 0, &address));
  int socket = qp_open_public_socket(&address, family, false, &options, &failure);
  CHECK(socket >= 0 && qp_bound_address(socket, bound, &failure));
  return socket;
}

/** `family` is that of the sender's socket, and `ip` the receiver's address. */
static void begin(int family, const char *ip)
{
  struct qp_address address;
  memset(&pair, 0, sizeof pair);
  pair.from = open_at(family == AF_INET ? "0.0.0.0" : "::", family, &address);
  pair.to = open_at(ip, strchr(ip, ':') ? AF_INET6 : AF_INET, &address);
  pair.name = qp_name_of_address(&address, family);
  pair.outbox = qp_pages_allocate(sizeof *pair.outbox);
  CHECK(pair.outbox && qp_inbox_init(&pair.inbox) && qp_can_segment(pair.from));
  qp_outbox_init(pair.outbox, &pair.counters, true);
  for (int i = 0; i < COUNT; i++)
    memset(pair.data + i * BYTES, i, BYTES);
}

static void end(void)
{
  close(pair.from);
  close(pair.to);
  qp_pages_free(pair.outbox, sizeof *pair.outbox);
  qp_inbox_destroy(&pair.inbox);
}

static void send_all(uint8_t ecn)
{
  const struct qp_destination destination = {
    .to = &pair.name,
    .receiver = &pair.receiver,
    .ecn = ecn,
    .direction = QP_DIRECTION_RELAY,
  };
  for (int i = 0; i < COUNT; i++)
    qp_outbox_add(pair.outbox, &destination, pair.data + i * BYTES, BYTES, BYTES);
  qp_outbox_flush(pair.outbox, pair.from);
  CHECK(qp_load(&pair.counters.values[QP_RELAYED_PACKETS]) == COUNT);
}

/** Receives all datagrams and checks them against what was sent. Returns the number of messages. */
static unsigned receive_all(uint8_t ecn)
{
  unsigned messages = 0, datagrams = 0;
  uint32_t overflows = 0;
  while (datagrams < COUNT) {
    struct pollfd wait = { .fd = pair.to, .events = POLLIN };
    CHECK(poll(&wait, 1, WAIT_MS) == 1);
    int count = qp_inbox_receive(&pair.inbox, pair.to, &overflows);
    CHECK(count > 0);
    for (int i = 0; i < count; i++, messages++) {
      const struct qp_received *received = &pair.inbox.received[i];
      CHECK(received->segment_bytes == BYTES && received->ecn == ecn);
      for (uint32_t at = 0; at < received->length; at += BYTES, datagrams++)
        CHECK(memcmp(received->data + at, pair.data + datagrams * BYTES, BYTES) == 0);
    }
  }
  CHECK(datagrams == COUNT && overflows == 0);
  return messages;
}

static void check_crossing(int family, const char *ip)
{
  for (uint8_t ecn = 0; ecn < 4; ecn++) {
    begin(family, ip);
    send_all(ecn);
    CHECK(receive_all(ecn) == 1);
    end();
  }
}

static void crosses_ipv4(void)
{
  check_crossing(AF_INET, "127.0.0.1");
}

static void crosses_ipv6(void)
{
  check_crossing(AF_INET6, "::1");
}

static void crosses_from_dual_stack(void)
{
  check_crossing(AF_INET6, "127.0.0.1");
}

/** The kernel itself refuses UDP_SEGMENT on a socket without checksums. */
static void arrives_one_by_one(void)
{
  int yes = 1;
  begin(AF_INET, "127.0.0.1");
  CHECK(setsockopt(pair.from, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof yes) == 0);
  send_all(2);
  CHECK(receive_all(2) == COUNT);
  end();
}

/** Behaves like a kernel without UDP_GRO. */
static void arrives_apart(void)
{
  int no = 0;
  begin(AF_INET, "127.0.0.1");
  CHECK(setsockopt(pair.to, SOL_UDP, UDP_GRO, &no, sizeof no) == 0);
  send_all(1);
  CHECK(receive_all(1) == COUNT);
  end();
}

static const struct test tests[] = {
  { "ten datagrams leave as one and arrive as one, with their ECN bits, over IPv4", crosses_ipv4 },
  { "… over IPv6", crosses_ipv6 },
  { "… over IPv4 from a dual-stack socket", crosses_from_dual_stack },
  { "where the kernel refuses to cut them up they arrive one by one", arrives_one_by_one },
  { "where the kernel does not put them together they do as well", arrives_apart },
};

const struct suite sockets_suite = SUITE("sockets", tests);
