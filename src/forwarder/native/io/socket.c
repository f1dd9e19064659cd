#include "socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <unistd.h>

static int fail(int socket, const char *call, struct qp_failure *failure)
{
  *failure = (struct qp_failure){ call, errno };
  if (socket >= 0)
    close(socket);
  return -1;
}

static bool set(int socket, int level, int option, int value)
{
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

/** Exceeds the system's limit if the process has the privilege, and otherwise takes as much as the limit allows. */
static void size_buffers(int socket, int bytes)
{
  if (!set(socket, SOL_SOCKET, SO_RCVBUFFORCE, bytes))
    set(socket, SOL_SOCKET, SO_RCVBUF, bytes);
  if (!set(socket, SOL_SOCKET, SO_SNDBUFFORCE, bytes))
    set(socket, SOL_SOCKET, SO_SNDBUF, bytes);
}

/**
 * QUIC packets must not be fragmented (RFC 9000 section 14). A datagram too long for the link is refused and counted,
 * whatever an ICMP message, which anyone can forge, claims about the path.
 */
static bool forbid_fragments(int socket, int family)
{
  return set(socket, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) &&
         (family == AF_INET || set(socket, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE));
}

static int open_socket(int family, const struct qp_socket_options *options, struct qp_failure *failure)
{
  int opened = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (opened < 0)
    return fail(opened, "socket", failure);
  size_buffers(opened, options->buffer_bytes);
  if (!set(opened, SOL_IP, IP_RECVTOS, 1))
    return fail(opened, "setsockopt IP_RECVTOS", failure);
  if (family == AF_INET6 && (!set(opened, SOL_IPV6, IPV6_V6ONLY, 0) || !set(opened, SOL_IPV6, IPV6_RECVTCLASS, 1)))
    return fail(opened, "setsockopt IPV6_RECVTCLASS", failure);
  if (!forbid_fragments(opened, family))
    return fail(opened, "setsockopt IP_MTU_DISCOVER", failure);
  /* Kernels before 5.0 lack UDP_GRO; each datagram then arrives alone. */
  set(opened, SOL_UDP, UDP_GRO, 1);
  return opened;
}

/**
 * Makes each message carry its destination address, on an IPv6 socket also that of IPv4. Replies may leave from any of
 * these addresses, including those of a prefix that is routed to this host as a whole (`ip route add local`).
 */
static bool tell_destinations(int socket, int family)
{
  /* Linux 4.15. Earlier kernels send no replies from such a prefix. Musl's headers do not define the name. */
  enum { FREEBIND = 78 };
  if (family == AF_INET6)
    set(socket, SOL_IPV6, FREEBIND, 1);
  return family == AF_INET ? set(socket, SOL_IP, IP_PKTINFO, 1) : set(socket, SOL_IPV6, IPV6_RECVPKTINFO, 1);
}

static bool bind_to(int socket, const struct qp_address *address, int family)
{
  struct qp_name name = qp_name_of_address(address, family);
  return bind(socket, &name.any, name.length) == 0;
}

bool qp_share_port(int socket, struct qp_failure *failure)
{
  if (set(socket, SOL_SOCKET, SO_REUSEPORT, 1))
    return true;
  *failure = (struct qp_failure){ "setsockopt SO_REUSEPORT", errno };
  return false;
}

int qp_open_public_socket(const struct qp_address *address, int family, bool is_shared,
                          const struct qp_socket_options *options, struct qp_failure *failure)
{
  int socket = open_socket(family, options, failure);
  if (socket < 0)
    return socket;
  if (!set(socket, SOL_SOCKET, SO_RXQ_OVFL, 1))
    return fail(socket, "setsockopt SO_RXQ_OVFL", failure);
  if (qp_is_unspecified(address) && !tell_destinations(socket, family))
    return fail(socket, "setsockopt IPV6_RECVPKTINFO", failure);
  if (is_shared && !set(socket, SOL_SOCKET, SO_REUSEPORT, 1))
    return fail(socket, "setsockopt SO_REUSEPORT", failure);
  return bind_to(socket, address, family) ? socket : fail(socket, "bind", failure);
}

int qp_open_upstream_socket(const struct qp_socket_options *options, struct qp_failure *failure)
{
  int socket = open_socket(AF_INET, options, failure);
  if (socket < 0)
    return socket;
  struct qp_address any;
  qp_parse_address("0.0.0.0", 0, &any);
  /* IP_RECVERR: an ICMP message tells that the gateway is down, and is counted. */
  if (!set(socket, SOL_IP, IP_PKTINFO, 1) || !set(socket, SOL_IP, IP_RECVERR, 1))
    return fail(socket, "setsockopt IP_PKTINFO", failure);
  return bind_to(socket, &any, AF_INET) ? socket : fail(socket, "bind", failure);
}

bool qp_bound_address(int socket, struct qp_address *address, struct qp_failure *failure)
{
  struct qp_name name = { .length = sizeof name.ipv6 };
  if (getsockname(socket, &name.any, &name.length) < 0) {
    *failure = (struct qp_failure){ "getsockname", errno };
    return false;
  }
  *address = qp_address_of_name(&name.any);
  return true;
}

bool qp_can_segment(int socket)
{
  return set(socket, SOL_UDP, UDP_SEGMENT, 0);
}

unsigned qp_take_errors(int socket)
{
  uint8_t control[512];
  unsigned count = 0;
  for (;; count++) {
    struct msghdr message = { .msg_control = control, .msg_controllen = sizeof control };
    if (recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
      return count;
  }
}
