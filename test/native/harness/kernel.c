#include "kernel.h"

#include <errno.h>
#include <netinet/udp.h>

#include "../../../src/forwarder/native/io/outbox.h"
#include "check.h"

ssize_t __real_sendmsg(int socket, const struct msghdr *message, int flags);
int __real_sendmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags);
ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags);
int __wrap_sendmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags);

_Thread_local struct kernel *kernel;

/** The options of a message in its ancillary data. */
struct wishes {
  bool is_segmented;
  uint16_t segment_bytes;
  int ecn;
  struct qp_ip local;
};

static void read_ecn(struct wishes *wishes, const struct cmsghdr *control, bool is_ipv4)
{
  CHECK(control->cmsg_level == (is_ipv4 ? SOL_IP : SOL_IPV6));
  CHECK(control->cmsg_len == CMSG_LEN(sizeof wishes->ecn));
  memcpy(&wishes->ecn, CMSG_DATA(control), sizeof wishes->ecn);
}

static struct wishes wishes_of(const struct msghdr *message, bool is_ipv4)
{
  struct wishes wishes = { 0 };
  struct in_pktinfo info;
  struct in6_pktinfo info6;
  struct msghdr *header = (struct msghdr *)message;
  for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
    int level = control->cmsg_level, type = control->cmsg_type;
    if (level == SOL_UDP && type == UDP_SEGMENT) {
      wishes.is_segmented = true;
      memcpy(&wishes.segment_bytes, CMSG_DATA(control), sizeof wishes.segment_bytes);
    } else if (level == SOL_IP && type == IP_PKTINFO) {
      memcpy(&info, CMSG_DATA(control), sizeof info);
      CHECK(is_ipv4);
      wishes.local = qp_mapped_ip(info.ipi_spec_dst.s_addr);
    } else if (level == SOL_IPV6 && type == IPV6_PKTINFO) {
      memcpy(&info6, CMSG_DATA(control), sizeof info6);
      CHECK(!is_ipv4);
      memcpy(&wishes.local, &info6.ipi6_addr, sizeof wishes.local);
    } else {
      CHECK((level == SOL_IP && type == IP_TOS) || (level == SOL_IPV6 && type == IPV6_TCLASS));
      read_ecn(&wishes, control, is_ipv4);
    }
  }
  return wishes;
}

bool is_segmented(const struct msghdr *message)
{
  struct qp_address to = qp_address_of_name(message->msg_name);
  return wishes_of(message, qp_is_ipv4(&to)).is_segmented;
}

static size_t bytes_of(const struct msghdr *message)
{
  size_t bytes = 0;
  for (size_t i = 0; i < message->msg_iovlen; i++)
    bytes += message->msg_iov[i].iov_len;
  return bytes;
}

/** Returns the number of datagrams in a message. A single one is not segmented and has one vector. */
static unsigned segments_of(const struct msghdr *message, const struct wishes *wishes)
{
  size_t bytes = bytes_of(message);
  if (!wishes->is_segmented) {
    CHECK(message->msg_iovlen == 1);
    return 1;
  }
  CHECK(wishes->segment_bytes > 0);
  size_t segments = (bytes + wishes->segment_bytes - 1) / wishes->segment_bytes;
  CHECK(segments > 1 && segments <= QP_GROUP_PACKETS && bytes <= QP_GROUP_BYTES);
  return (unsigned)segments;
}

static void cut(int socket, const struct msghdr *message)
{
  struct sent_datagram sent_datagram = { .socket = socket, .to = qp_address_of_name(message->msg_name) };
  struct wishes wishes = wishes_of(message, qp_is_ipv4(&sent_datagram.to));
  sent_datagram.ecn = wishes.ecn;
  sent_datagram.local = wishes.local;
  sent_datagram.segments = segments_of(message, &wishes);
  unsigned made = 0;
  for (size_t i = 0; i < message->msg_iovlen; i++) {
    const uint8_t *at = message->msg_iov[i].iov_base, *end = at + message->msg_iov[i].iov_len;
    do {
      size_t left = (size_t)(end - at);
      sent_datagram.data = at;
      sent_datagram.length =
        (uint32_t)(wishes.is_segmented && left > wishes.segment_bytes ? wishes.segment_bytes : left);
      at += sent_datagram.length;
      made++;
      kernel->leave(kernel->context, &sent_datagram);
    } while (at < end);
  }
  /* No datagram spans two vectors, so cutting the vectors and cutting the message agree. */
  CHECK(made == sent_datagram.segments);
}

/** Sends or refuses one message. Returns 0 or the error. */
static int take(int socket, const struct msghdr *message)
{
  int error = kernel->pending_error;
  kernel->pending_error = 0;
  if (!error && kernel->decide)
    error = kernel->decide(kernel->context, socket, message);
  if (!error)
    cut(socket, message);
  else
    kernel->refusals++;
  return error;
}

ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags)
{
  if (!kernel)
    return __real_sendmsg(socket, message, flags);
  kernel->sendmsg_calls++;
  CHECK(flags & MSG_DONTWAIT);
  int error = take(socket, message);
  if (!error)
    return (ssize_t)bytes_of(message);
  errno = error;
  return -1;
}

int __wrap_sendmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags)
{
  if (!kernel)
    return __real_sendmmsg(socket, messages, count, flags);
  kernel->sendmmsg_calls++;
  CHECK(flags & MSG_DONTWAIT && count > 0);
  int error = 0;
  unsigned taken = 0;
  while (taken < count && !(error = take(socket, &messages[taken].msg_hdr)))
    taken++;
  if (taken > 0) {
    /* The error that ended the batch comes back from the next call, unless it was a full buffer. */
    kernel->pending_error = error == EAGAIN ? 0 : error;
    return (int)taken;
  }
  errno = error;
  return -1;
}
