#include "interfaces.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

/* From linux/netdev.h of Linux 6.3, which older systems lack. */
enum {
  NETDEV_DEV_GET = 1,
  NETDEV_DEV_IFINDEX = 1,
  NETDEV_DEV_XDP_FEATURES = 3,
  NETDEV_DEV_ATTRIBUTES,
  NETDEV_VERSION = 1,
  NETDEV_XDP_BASIC = 1,
  NETDEV_XDP_NDO_XMIT = 4,
};

static struct qp_link *add_link(struct qp_links *links)
{
  if (links->count == links->room) {
    size_t room = links->room ? links->room * 2 : 16;
    struct qp_link *items = reallocarray(links->items, room, sizeof *items);
    if (!items)
      return NULL;
    links->items = items;
    links->room = room;
  }
  struct qp_link *link = &links->items[links->count++];
  return memset(link, 0, sizeof *link);
}

/**
 * At most one of the driver's and the generic program is attached. A program offloaded to a card counts as the
 * driver's.
 */
static void read_program(const struct rtattr *nest, struct qp_link *link)
{
  const struct rtattr *found[IFLA_XDP_MAX + 1];
  uint32_t generic = 0, native = 0;
  qp_netlink_sort_nested(nest, found, IFLA_XDP_MAX + 1);
  qp_netlink_copy(found[IFLA_XDP_SKB_PROG_ID], &generic, sizeof generic);
  qp_netlink_copy(found[IFLA_XDP_HW_PROG_ID], &native, sizeof native);
  qp_netlink_copy(found[IFLA_XDP_DRV_PROG_ID], &native, sizeof native);
  link->is_program_native = native != 0;
  link->program = native ? native : generic;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
  const struct ifinfomsg *body = NLMSG_DATA(message);
  const struct rtattr *found[IFLA_XDP + 1], *about[IFLA_INFO_KIND + 1];
  if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof *body))
    return 0;
  struct qp_link *link = add_link(context);
  if (!link)
    return ENOMEM;
  qp_netlink_sort(message, sizeof *body, found, IFLA_XDP + 1);
  qp_netlink_sort_nested(found[IFLA_LINKINFO], about, IFLA_INFO_KIND + 1);
  link->index = (uint32_t)body->ifi_index;
  /* An interface without carrier receives no packets either, and its addresses do not count. */
  link->is_up = (body->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
  link->is_loopback = body->ifi_flags & IFF_LOOPBACK;
  link->is_ethernet = body->ifi_type == ARPHRD_ETHER;
  qp_netlink_copy(found[IFLA_MTU], &link->mtu, sizeof link->mtu);
  qp_netlink_copy_text(found[IFLA_IFNAME], link->name, sizeof link->name);
  qp_netlink_copy_text(about[IFLA_INFO_KIND], link->kind, sizeof link->kind);
  read_program(found[IFLA_XDP], link);
  return 0;
}

static int read_links(struct qp_links *links)
{
  const struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
  /* Statistics would make up most of the answer. */
  const uint32_t filter = RTEXT_FILTER_SKIP_STATS;
  struct qp_netlink_request request;
  qp_netlink_start(&request, RTM_GETLINK, NLM_F_DUMP, &all, sizeof all);
  qp_netlink_add(&request, IFLA_EXT_MASK, &filter, sizeof filter);
  return qp_netlink_ask(NETLINK_ROUTE, &request, take_link, links);
}

static int take_family(const struct nlmsghdr *message, void *context)
{
  const struct rtattr *found[CTRL_ATTR_FAMILY_ID + 1];
  qp_netlink_sort(message, GENL_HDRLEN, found, CTRL_ATTR_FAMILY_ID + 1);
  qp_netlink_copy(found[CTRL_ATTR_FAMILY_ID], context, sizeof(uint16_t));
  return 0;
}

static int take_features(const struct nlmsghdr *message, void *context)
{
  const struct qp_links *links = context;
  const struct rtattr *found[NETDEV_DEV_ATTRIBUTES];
  uint32_t index = 0;
  uint64_t features = 0;
  qp_netlink_sort(message, GENL_HDRLEN, found, NETDEV_DEV_ATTRIBUTES);
  qp_netlink_copy(found[NETDEV_DEV_IFINDEX], &index, sizeof index);
  qp_netlink_copy(found[NETDEV_DEV_XDP_FEATURES], &features, sizeof features);
  for (size_t i = 0; i < links->count; i++) {
    struct qp_link *link = &links->items[i];
    if (link->index != index)
      continue;
    link->has_features = true;
    link->runs_programs = features & NETDEV_XDP_BASIC;
    link->transmits_frames = features & NETDEV_XDP_NDO_XMIT;
  }
  return 0;
}

static int read_features(struct qp_links *links)
{
  const struct genlmsghdr get_family = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
  const struct genlmsghdr get_devices = { .cmd = NETDEV_DEV_GET, .version = NETDEV_VERSION };
  struct qp_netlink_request request;
  uint16_t family = 0;
  qp_netlink_start(&request, GENL_ID_CTRL, 0, &get_family, sizeof get_family);
  qp_netlink_add(&request, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof "netdev");
  int error = qp_netlink_ask(NETLINK_GENERIC, &request, take_family, &family);
  if (error == ENOENT)
    return 0;
  if (error)
    return error;
  qp_netlink_start(&request, family, NLM_F_DUMP, &get_devices, sizeof get_devices);
  return qp_netlink_ask(NETLINK_GENERIC, &request, take_features, links);
}

/** A driver need not report its name. */
static int read_drivers(struct qp_links *links)
{
  int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (file < 0)
    return errno;
  for (size_t i = 0; i < links->count; i++) {
    struct qp_link *link = &links->items[i];
    struct ethtool_drvinfo about = { .cmd = ETHTOOL_GDRVINFO };
    struct ifreq request = { .ifr_data = (char *)&about };
    memcpy(request.ifr_name, link->name, sizeof link->name);
    if (ioctl(file, SIOCETHTOOL, &request) == 0)
      memcpy(link->driver, about.driver, sizeof link->driver - 1);
  }
  close(file);
  return 0;
}

int qp_links_read(struct qp_links *links)
{
  *links = (struct qp_links){ 0 };
  int error = read_links(links);
  if (!error)
    error = read_features(links);
  return error ? error : read_drivers(links);
}

void qp_links_free(struct qp_links *links)
{
  free(links->items);
}
