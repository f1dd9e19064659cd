#include "guest.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/xdp/native/attach/attachments.h"
#include "../../native/harness/check.h"
#include "../rig.h"

static const char *const link_on_host =
  "link set guest up\n"
  "address add 198.18.0.1/24 dev guest\n"
  "address add 2001:db8:3::1/64 dev guest nodad\n"
  "neighbour add " GUEST_IPV4 " lladdr 02:00:00:00:03:02 dev guest nud permanent\n"
  "neighbour add " GUEST_IPV6 " lladdr 02:00:00:00:03:02 dev guest nud permanent\n";

static const char *const link_on_guest =
  "link set lo up\n"
  "link set guest-end up\n"
  "address add " GUEST_IPV4 "/24 dev guest-end\n"
  "address add " GUEST_IPV6 "/64 dev guest-end nodad\n"
  "neighbour add 198.18.0.1 lladdr 02:00:00:00:03:01 dev guest-end nud permanent\n"
  "neighbour add 2001:db8:3::1 lladdr 02:00:00:00:03:01 dev guest-end nud permanent\n"
  "route add default via 198.18.0.1\n"
  "route add default via 2001:db8:3::1\n";

static int this_namespace(void)
{
  int namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  CHECK(namespace >= 0);
  return namespace;
}

static void enter(int namespace)
{
  CHECK(setns(namespace, CLONE_NEWNET) == 0);
}

static void make_link(const struct guest *guest)
{
  char lines[256];
  const char *format = "link add guest address 02:00:00:00:03:01 type veth peer name guest-end\n"
                       "link set guest-end address 02:00:00:00:03:02 netns /proc/%d/fd/%d\n";
  snprintf(lines, sizeof lines, format, getpid(), guest->away);
  host_configure(lines);
  host_configure(link_on_host);
  host_set_forwarding("guest", false, true);
  host_set_forwarding("guest", true, true);
}

/** The kernel takes a moment to accept an IPv6 address. Waits until a datagram of the guest to itself arrives. */
static void wait_for_address(const struct guest *guest)
{
  struct sockaddr_in6 name;
  socklen_t length = sizeof name;
  int self = guest_socket(guest, true, 0);
  struct pollfd poll_self = { .fd = self, .events = POLLIN };
  CHECK(getsockname(self, (struct sockaddr *)&name, &length) == 0);
  int tries = 200;
  do
    sendto(self, "", 1, 0, (const struct sockaddr *)&name, length);
  while (poll(&poll_self, 1, 10) == 0 && --tries > 0);
  CHECK(tries > 0);
  close(self);
}

void guest_open(struct guest *guest)
{
  guest->home = this_namespace();
  CHECK(unshare(CLONE_NEWNET) == 0);
  guest->away = this_namespace();
  enter(guest->home);
  make_link(guest);
  guest->interface = if_nametoindex("guest");
  enter(guest->away);
  host_configure(link_on_guest);
  guest->end = if_nametoindex("guest-end");
  enter(guest->home);
  CHECK(guest->interface && guest->end);
  wait_for_address(guest);
}

void guest_close(struct guest *guest)
{
  qp_kernel_detach(&rig.kernel, guest->end);
  host_configure("link delete guest\n");
  close(guest->away);
  close(guest->home);
}

int guest_socket(const struct guest *guest, bool is_ipv6, uint16_t port)
{
  const struct qp_udp_address address = address_from(is_ipv6 ? GUEST_IPV6 : GUEST_IPV4, port);
  struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = address.port };
  memcpy(&name.sin6_addr, &address.ip, sizeof name.sin6_addr);
  enter(guest->away);
  int made = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  enter(guest->home);
  CHECK(made >= 0 && bind(made, (const struct sockaddr *)&name, sizeof name) == 0);
  return made;
}

void guest_leave_checksums(const struct guest *guest, bool is_left)
{
  struct ethtool_value setting = { .cmd = ETHTOOL_STXCSUM, .data = is_left };
  struct ifreq request = { .ifr_name = "guest-end", .ifr_data = (char *)&setting };
  int any = guest_socket(guest, false, 0);
  CHECK(ioctl(any, SIOCETHTOOL, &request) == 0);
  close(any);
}

void guest_attach(const struct guest *guest)
{
  enter(guest->away);
  CHECK(qp_kernel_attach(&rig.kernel, guest->end, 0) == 0);
  enter(guest->home);
}
