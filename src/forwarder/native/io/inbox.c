#include "inbox.h"

#include <netinet/udp.h>

#include "../memory/pages.h"

static const size_t BUFFERS_BYTES = (size_t)QP_INBOX_MESSAGES * QP_INBOX_MESSAGE_BYTES;

bool qp_inbox_init(struct qp_inbox *inbox)
{
  inbox->buffers = qp_pages_allocate(BUFFERS_BYTES);
  if (!inbox->buffers)
    return false;
  for (int i = 0; i < QP_INBOX_MESSAGES; i++) {
    inbox->vectors[i] = (struct iovec){ inbox->buffers + (size_t)i * QP_INBOX_MESSAGE_BYTES, QP_INBOX_MESSAGE_BYTES };
    struct msghdr *header = &inbox->messages[i].msg_hdr;
    header->msg_name = &inbox->names[i];
    header->msg_iov = &inbox->vectors[i];
    header->msg_iovlen = 1;
    header->msg_control = inbox->control[i];
  }
  return true;
}

void qp_inbox_destroy(struct qp_inbox *inbox)
{
  qp_pages_free(inbox->buffers, BUFFERS_BYTES);
}

static int read_int(const struct cmsghdr *control)
{
  int value;
  memcpy(&value, CMSG_DATA(control), sizeof value);
  return value;
}

/** Reads one piece of ancillary data. */
static void read_control(struct qp_received *received, const struct cmsghdr *control, uint32_t *overflows)
{
  int level = control->cmsg_level, type = control->cmsg_type;
  if (level == SOL_UDP && type == UDP_GRO)
    received->segment_bytes = (uint32_t)read_int(control);
  else if (level == SOL_IP && type == IP_TOS)
    received->ecn = *CMSG_DATA(control) & 3;
  else if (level == SOL_IPV6 && type == IPV6_TCLASS)
    received->ecn = read_int(control) & 3;
  else if (level == SOL_SOCKET && type == SO_RXQ_OVFL)
    *overflows = (uint32_t)read_int(control);
  else if (level == SOL_IP && type == IP_PKTINFO) {
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    received->local = qp_mapped_ip(info.ipi_addr.s_addr);
  } else if (level == SOL_IPV6 && type == IPV6_PKTINFO) {
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(control), sizeof info);
    memcpy(&received->local, &info.ipi6_addr, sizeof received->local);
  }
}

/**
 * Reports whether a reply can leave from the local address. A link-local one needs a link, which only a link-local
 * source names.
 */
static bool can_answer_from(const struct qp_received *received)
{
  struct in6_addr local;
  memcpy(&local, &received->local, sizeof local);
  return !IN6_IS_ADDR_LINKLOCAL(&local) || received->source.scope != 0;
}

static void read_message(struct qp_inbox *inbox, int i, uint32_t *overflows)
{
  struct qp_received *received = &inbox->received[i];
  struct msghdr *header = &inbox->messages[i].msg_hdr;
  *received = (struct qp_received){
    .data = inbox->vectors[i].iov_base,
    .length = inbox->messages[i].msg_len,
    .source = qp_address_of_name(header->msg_name),
  };
  for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control))
    read_control(received, control, overflows);
  if (!can_answer_from(received))
    received->local = (struct qp_ip){ 0 };
  if (received->segment_bytes == 0 || received->segment_bytes > received->length)
    received->segment_bytes = received->length;
}

int qp_inbox_receive(struct qp_inbox *inbox, int socket, uint32_t *overflows)
{
  for (int i = 0; i < QP_INBOX_MESSAGES; i++) {
    inbox->messages[i].msg_hdr.msg_namelen = sizeof inbox->names[i];
    inbox->messages[i].msg_hdr.msg_controllen = QP_INBOX_CONTROL_BYTES;
  }
  int count = recvmmsg(socket, inbox->messages, QP_INBOX_MESSAGES, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++)
    read_message(inbox, i, overflows);
  return count;
}
