#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/xdp/native/attach/attachments.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

static void answers_by_link(void)
{
  static const enum person targets[2][2] = { { BOB4, CAROL4 }, { BOB6, CAROL6 } };
  rig_reset();
  for (int version = 0; version < 2; version++)
    for (int link = WEST; link < LINKS; link++) {
      const enum person from = version ? ALICE6 : ALICE4, to = targets[version][link];
      const struct packet packet = packet_between(from, to);
      CHECK(link_of(to) == link);
      forwards(&packet, from, to);
    }
}

static void pass_to(enum person from, const char *address)
{
  const enum person to = is_ipv6(from) ? BOB6 : BOB4;
  const struct packet packet = packet_between(from, to);
  rig.at = address;
  rig_move(to, address_from(address, 1001));
  passes_packet(&packet);
}

static void passes_without_neighbour(void)
{
  rig_reset();
  pass_to(ALICE4, "192.0.2.77");
  pass_to(ALICE6, "2001:db8:1::77");
}

static void passes_without_route(void)
{
  rig_reset();
  pass_to(ALICE4, "203.0.113.1");
  pass_to(ALICE6, "2001:db8:9::1");
}

static void passes_special_destinations(void)
{
  static const char *const ipv4[] = { HOST_IPV4,     "198.51.100.1", "127.0.0.1",      "0.0.0.0",
                                      "192.0.2.255", "224.0.0.1",    "255.255.255.255" };
  static const char *const ipv6[] = { HOST_IPV6, "2001:db8:2::1", "::1", "ff02::1", "ff0e::1" };
  rig_reset();
  for (size_t i = 0; i < sizeof ipv4 / sizeof ipv4[0]; i++)
    pass_to(ALICE4, ipv4[i]);
  for (size_t i = 0; i < sizeof ipv6 / sizeof ipv6[0]; i++)
    pass_to(ALICE6, ipv6[i]);
}

static void passes_without_forwarding(void)
{
  static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE6, BOB6 } };
  rig_reset();
  for (int i = 0; i < 2; i++) {
    const struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    host_set_forwarding("west", i == 1, false);
    passes_packet(&packet);
    host_set_forwarding("west", i == 1, true);
    forwards(&packet, pairs[i][0], pairs[i][1]);
  }
}

static void passes_what_is_too_big(void)
{
  static const enum person pairs[][2] = { { ALICE4, CAROL4 }, { ALICE6, CAROL6 } };
  rig_reset();
  for (int i = 0; i < 2; i++) {
    struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    uint8_t payload[1500] = { 0 };
    memcpy(payload, packet.payload, packet.payload_bytes);
    packet.payload = payload;
    packet.payload_bytes = 1400 - (i == 0 ? IPV4_BYTES : IPV6_BYTES) - UDP_BYTES;
    forwards(&packet, pairs[i][0], pairs[i][1]);
    packet.payload_bytes++;
    passes_packet(&packet);
  }
}

static void passes_for_other_interfaces(void)
{
  const struct packet packet = packet_between(ALICE4, CAROL4);
  rig_reset();
  qp_kernel_set_redirect_targets(&rig.kernel, NULL, 0);
  passes_packet(&packet);
  qp_kernel_set_redirect_targets(&rig.kernel, &rig.host.interfaces[EAST], 1);
  forwards(&packet, ALICE4, CAROL4);
}

static void leaves_from_the_address_that_the_receiver_talks_to(void)
{
  static const enum person from[] = { ALICE4, ALICE6 }, near[] = { BOB4, BOB6 }, far[] = { CAROL4, CAROL6 };
  static const char *const here[] = { HOST_IPV4, HOST_IPV6 }, *const there[] = { OTHER_IPV4, OTHER_IPV6 };
  rig_reset();
  for (int i = 0; i < 2; i++) {
    const struct packet back = packet_between(from[i], near[i]), across = packet_between(from[i], far[i]);
    rig_turn(near[i], there[i]);
    rig_turn(far[i], there[i]);
    forwards(&back, from[i], near[i]);
    forwards(&across, from[i], far[i]);
    rig_turn(far[i], here[i]);
    forwards(&across, from[i], far[i]);
  }
}

static void passes_from_no_address_of_the_host(void)
{
  static const enum person from[] = { ALICE4, ALICE6 }, to[] = { BOB4, BOB6 };
  static const char *const strange[][4] = { { NULL, "192.0.2.9", "127.0.0.1", HOST_IPV6 },
                                            { NULL, "2001:db8:1::9", "::1", HOST_IPV4 } };
  rig_reset();
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 4; j++) {
      const struct packet packet = packet_between(from[i], to[i]);
      rig.at = strange[i][j];
      rig_turn(to[i], strange[i][j]);
      passes_packet(&packet);
      rig_move(to[i], address_of(to[i]));
      forwards(&packet, from[i], to[i]);
    }
}

/** Opens a socket that sees the frames that arrive on an interface. */
static int listen_at(unsigned interface_index)
{
  const struct sockaddr_ll name = {
    .sll_family = AF_PACKET,
    .sll_protocol = htons(ETH_P_ALL),
    .sll_ifindex = (int)interface_index,
  };
  int ear = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  CHECK(ear >= 0 && bind(ear, (const struct sockaddr *)&name, sizeof name) == 0);
  return ear;
}

static bool hears(int ear, const struct frame *frame)
{
  struct pollfd poll_ear = { .fd = ear, .events = POLLIN };
  struct frame heard;
  while (poll(&poll_ear, 1, 2000) == 1) {
    ssize_t length = recv(ear, heard.bytes, sizeof heard.bytes, MSG_TRUNC);
    heard.length = length > 0 ? (uint32_t)length : 0;
    if (same_frame(&heard, frame))
      return true;
  }
  return false;
}

/** The far ends accept frames only with a program; this one passes up frames that are not for it. */
static void reaches_the_far_end(void)
{
  static const enum person targets[] = { BOB4, CAROL4, BOB6, CAROL6 };
  rig_reset();
  for (int link = WEST; link < LINKS; link++) {
    int ear = listen_at(rig.host.ends[link]);
    CHECK(qp_kernel_attach(&rig.kernel, rig.host.ends[link], 0) == 0);
    for (int i = link; i < 4; i += 2) {
      const struct packet packet = packet_between(i < 2 ? ALICE4 : ALICE6, targets[i]);
      const struct packet after = packet_after(&packet, targets[i]);
      const struct frame in = frame_of(&packet), out = frame_of(&after);
      run_live(&in);
      CHECK(hears(ear, &out));
    }
    close(ear);
    qp_kernel_detach(&rig.kernel, rig.host.ends[link]);
  }
}

static const struct test tests[] = {
  { "sends back on the same link, and redirects to another", answers_by_link },
  { "arrives at the far end of each link", reaches_the_far_end },
  { "sends from the address of this host that the receiver talks to",
    leaves_from_the_address_that_the_receiver_talks_to },
  { "passes up what would leave from no address of this host, or of the other IP version",
    passes_from_no_address_of_the_host },
  { "passes up what has no neighbour", passes_without_neighbour },
  { "passes up what has no route", passes_without_route },
  { "passes up what is for this host, for many or for nobody", passes_special_destinations },
  { "passes up where forwarding is off", passes_without_forwarding },
  { "passes up what does not fit the link, and forwards what just does", passes_what_is_too_big },
  { "passes up what would leave by an interface that is no redirect target", passes_for_other_interfaces },
};

const struct suite next_hops_suite = SUITE("next hops", tests);
