#include <arpa/inet.h>
#include <linux/if_link.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/xdp/native/attach/attachments.h"
#include "../../../src/xdp/native/kernel.h"
#include "../../native/harness/check.h"
#include "../machine/guest.h"
#include "../suites.h"
#include "../verdict.h"

enum { SENDER_PORT = 2000, RECEIVER_PORT = 2001, DATAGRAMS = 5 };

/** Where a datagram may arrive: at the relay's socket or, forwarded by the program, at the receiver's socket. */
enum destination { USER_SPACE, RECEIVER, DESTINATIONS };

/** Two peers on one guest. */
struct scene {
  struct guest guest;
  enum person from, to;
  int sender, sockets[DESTINATIONS];
};

static int socket_of_relay(void)
{
  const struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons(RELAY_PORT) };
  int made = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK(made >= 0 && bind(made, (const struct sockaddr *)&name, sizeof name) == 0);
  return made;
}

static void move(enum person person, uint16_t port)
{
  const struct qp_udp_address address = address_from(is_ipv6(person) ? GUEST_IPV6 : GUEST_IPV4, port);
  rig_move(person, address);
  rig_set_sender(&address, person);
}

static void begin(struct scene *scene, bool is_ipv6, uint32_t mode)
{
  *scene = (struct scene){ .from = is_ipv6 ? ALICE6 : ALICE4, .to = is_ipv6 ? BOB6 : BOB4 };
  rig_reset();
  guest_open(&scene->guest);
  CHECK(qp_kernel_attach(&rig.kernel, scene->guest.interface, mode) == 0);
  scene->sockets[USER_SPACE] = socket_of_relay();
  scene->sockets[RECEIVER] = guest_socket(&scene->guest, is_ipv6, RECEIVER_PORT);
  scene->sender = guest_socket(&scene->guest, is_ipv6, SENDER_PORT);
  rig_remove_sender(&rig.kernel.states[scene->to].address);
  move(scene->from, SENDER_PORT);
  move(scene->to, RECEIVER_PORT);
}

static void end(struct scene *scene)
{
  rig_remove_sender(&rig.kernel.states[scene->from].address);
  rig_remove_sender(&rig.kernel.states[scene->to].address);
  qp_kernel_detach(&rig.kernel, scene->guest.interface);
  guest_close(&scene->guest);
  close(scene->sender);
  for (int i = 0; i < DESTINATIONS; i++)
    close(scene->sockets[i]);
}

/** Sends datagrams as one message, which the kernel segments as late as it can. */
static void send_datagrams(const struct scene *scene, int count)
{
  uint8_t pieces[DATAGRAMS * PAYLOAD_BYTES];
  const int segment_bytes = PAYLOAD_BYTES;
  const struct packet packet = packet_between(scene->from, scene->to);
  struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = packet.to.port };
  memcpy(&name.sin6_addr, &packet.to.ip, sizeof name.sin6_addr);
  for (int i = 0; i < count; i++)
    memcpy(pieces + i * PAYLOAD_BYTES, packet.payload, PAYLOAD_BYTES);
  CHECK(setsockopt(scene->sender, SOL_UDP, UDP_SEGMENT, &segment_bytes, sizeof segment_bytes) == 0);
  const size_t bytes = (size_t)count * PAYLOAD_BYTES;
  CHECK(sendto(scene->sender, pieces, bytes, 0, (const struct sockaddr *)&name, sizeof name) == (ssize_t)bytes);
}

/** Checks that `count` complete datagrams arrive there. The receiver's kernel drops those with a wrong checksum. */
static void come_out(const struct scene *scene, enum destination expected, int count)
{
  const struct packet packet = packet_between(scene->from, scene->to);
  struct pollfd files[DESTINATIONS];
  uint8_t bytes[2 * PAYLOAD_BYTES];
  for (int i = 0; i < DESTINATIONS; i++)
    files[i] = (struct pollfd){ .fd = scene->sockets[i], .events = POLLIN };
  for (int i = 0; i < count; i++) {
    CHECK(poll(files, DESTINATIONS, 2000) == 1 && files[expected].revents);
    CHECK(recv(scene->sockets[expected], bytes, sizeof bytes, 0) == PAYLOAD_BYTES);
    CHECK(memcmp(bytes, packet.payload, PAYLOAD_BYTES) == 0);
  }
  const uint64_t forwarded = expected == RECEIVER ? (uint64_t)count : 0;
  CHECK(rig.kernel.states[scene->to].counters[QP_PACKETS_OFFLOADED] == forwarded);
  CHECK(rig_total(QP_TOTAL_PACKETS) == forwarded);
}

static const struct {
  const char *name;
  uint32_t mode;
} modes[] = { { "native mode", XDP_FLAGS_DRV_MODE }, { "generic mode", XDP_FLAGS_SKB_MODE } };

static void over_all(void (*show)(const struct scene *scene))
{
  for (int i = 0; i < 4; i++) {
    struct scene scene;
    rig.at = modes[i / 2].name;
    begin(&scene, i % 2, modes[i / 2].mode);
    show(&scene);
    end(&scene);
  }
}

static void show_left_to_hardware(const struct scene *scene)
{
  guest_attach(&scene->guest);
  send_datagrams(scene, 1);
  come_out(scene, USER_SPACE, 1);
}

static void show_finished(const struct scene *scene)
{
  guest_attach(&scene->guest);
  guest_leave_checksums(&scene->guest, false);
  send_datagrams(scene, 1);
  come_out(scene, RECEIVER, 1);
}

/** In driver mode the kernel has segmented them before the program sees them. */
static void show_put_together(const struct scene *scene)
{
  send_datagrams(scene, DATAGRAMS);
  come_out(scene, USER_SPACE, DATAGRAMS);
}

static void passes_what_is_left_to_hardware(void)
{
  over_all(show_left_to_hardware);
}

static void forwards_what_is_finished(void)
{
  over_all(show_finished);
}

static void passes_what_is_put_together(void)
{
  over_all(show_put_together);
}

static const struct test tests[] = {
  { "on this host leave checksums to hardware, and user space gets their datagrams", passes_what_is_left_to_hardware },
  { "that finish their checksums are forwarded for", forwards_what_is_finished },
  { "of several datagrams in one have user space get each of them", passes_what_is_put_together },
};

const struct suite senders_suite = SUITE("senders", tests);
