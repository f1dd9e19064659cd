#include "message.h"

#include <netinet/udp.h>

/** Appends one piece of ancillary data. */
static void put_control(struct msghdr *message, int level, int type, const void *value, size_t bytes)
{
  struct cmsghdr *control = (struct cmsghdr *)((uint8_t *)message->msg_control + message->msg_controllen);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(bytes);
  memcpy(CMSG_DATA(control), value, bytes);
  message->msg_controllen += CMSG_SPACE(bytes);
}

/** An IPv4-mapped address is sent as IPv4, where the traffic class is the type of service. */
static bool leaves_as_ipv4(const struct qp_name *name)
{
  return name->any.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&name->ipv6.sin6_addr);
}

static void put_ecn(struct msghdr *message, const struct qp_destination *destination)
{
  int ecn = destination->ecn;
  if (leaves_as_ipv4(destination->to))
    put_control(message, SOL_IP, IP_TOS, &ecn, sizeof ecn);
  else
    put_control(message, SOL_IPV6, IPV6_TCLASS, &ecn, sizeof ecn);
}

/**
 * The system chooses the interface by its routes from that address; a link-local destination names its own interface.
 */
static void put_local(struct msghdr *message, const struct qp_destination *destination)
{
  if (leaves_as_ipv4(destination->to)) {
    struct in_pktinfo info = { .ipi_spec_dst.s_addr = destination->local.words[3] };
    put_control(message, SOL_IP, IP_PKTINFO, &info, sizeof info);
  } else {
    struct in6_pktinfo info = { 0 };
    memcpy(&info.ipi6_addr, &destination->local, sizeof info.ipi6_addr);
    put_control(message, SOL_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
}

void qp_message_write(const struct qp_destination *destination, uint16_t segment_bytes, struct iovec *vectors,
                      size_t vector_count, struct msghdr *message, uint8_t *control)
{
  *message = (struct msghdr){
    .msg_name = (void *)&destination->to->any,
    .msg_namelen = destination->to->length,
    .msg_iov = vectors,
    .msg_iovlen = vector_count,
    .msg_control = control,
  };
  if (segment_bytes > 0)
    put_control(message, SOL_UDP, UDP_SEGMENT, &segment_bytes, sizeof segment_bytes);
  if (destination->ecn != 0)
    put_ecn(message, destination);
  if (qp_is_local_known(&destination->local))
    put_local(message, destination);
}
