#include "host.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>

#include "../../native/harness/check.h"

/** The route and the neighbour of IPv4-mapped addresses must not be used. */
/* clang-format off */
static const char *const set_up =
  "link set lo up\n"
  "link add west address 02:00:00:00:01:00 type veth peer name west-end\n"
  "link add east address 02:00:00:00:02:00 type veth peer name east-end\n"
  "link set west up\n"
  "link set west-end up\n"
  "link set east up mtu 1400\n"
  "link set east-end up\n"
  "address add " HOST_IPV4 "/24 dev west\n"
  "address add 198.51.100.1/24 dev east\n"
  "address add " HOST_IPV6 "/64 dev west nodad\n"
  "address add 2001:db8:2::1/64 dev east nodad\n"
  "route add ::ffff:192.0.2.0/120 dev west\n"
  "neighbour add ::ffff:192.0.2.3 lladdr 02:00:00:00:00:01 dev west nud permanent\n"
  "neighbour add 192.0.2.2 lladdr 02:00:00:00:00:00 dev west nud permanent\n"
  "neighbour add 192.0.2.3 lladdr 02:00:00:00:00:01 dev west nud permanent\n"
  "neighbour add 198.51.100.2 lladdr 02:00:00:00:00:02 dev east nud permanent\n"
  "neighbour add 2001:db8:1::2 lladdr 02:00:00:00:00:03 dev west nud permanent\n"
  "neighbour add 2001:db8:1::3 lladdr 02:00:00:00:00:04 dev west nud permanent\n"
  "neighbour add 2001:db8:2::2 lladdr 02:00:00:00:00:05 dev east nud permanent\n";
/* clang-format on */

void host_set_forwarding(const char *interface, bool is_ipv6, bool is_on)
{
  char path[64];
  snprintf(path, sizeof path, "/proc/sys/net/ipv%d/conf/%s/forwarding", is_ipv6 ? 6 : 4, interface);
  FILE *setting = fopen(path, "w");
  CHECK(setting && fputs(is_on ? "1" : "0", setting) >= 0 && fclose(setting) == 0);
}

void host_configure(const char *lines)
{
  FILE *ip = popen("ip -batch -", "w");
  CHECK(ip && fputs(lines, ip) >= 0 && pclose(ip) == 0);
}

int host_enter(struct host *host)
{
  if (unshare(CLONE_NEWNET) != 0)
    return errno;
  host_configure(set_up);
  static const char *const names[LINKS][2] = { { "west", "west-end" }, { "east", "east-end" } };
  for (int link = 0; link < LINKS; link++) {
    host->interfaces[link] = if_nametoindex(names[link][0]);
    host->ends[link] = if_nametoindex(names[link][1]);
  }
  host_set_forwarding("west", false, true);
  host_set_forwarding("west", true, true);
  return 0;
}
