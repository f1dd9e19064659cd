#include "netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  /** The most that the kernel puts into one datagram of a dump (af_netlink.c: 32 KiB). */
  ANSWER_BYTES = 32 * 1024,
  /** The answer is not complete yet. */
  GOES_ON = -1,
};

void qp_netlink_start(struct qp_netlink_request *request, uint16_t type, uint16_t flags, const void *body,
                      size_t length)
{
  memset(request, 0, sizeof *request);
  request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(length);
  request->header.nlmsg_type = type;
  request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
  memcpy(NLMSG_DATA(&request->header), body, length);
}

void qp_netlink_add(struct qp_netlink_request *request, uint16_t type, const void *value, size_t length)
{
  size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
  const struct rtattr attribute = { .rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(length) };
  memcpy(request->bytes + at, &attribute, sizeof attribute);
  memcpy(request->bytes + at + RTA_LENGTH(0), value, length);
  request->header.nlmsg_len = (uint32_t)(at + attribute.rta_len);
}

/** A request that is being answered. */
struct question {
  qp_netlink_taker *take;
  void *context;
  /** Whether the answer is a single message. Other answers end with NLMSG_DONE, and not all of them set NLM_F_MULTI. */
  bool has_one_part;
};

/** Returns `GOES_ON`, or the result of the request. */
static int take_message(const struct nlmsghdr *message, const struct question *question)
{
  if (message->nlmsg_type == NLMSG_DONE)
    return 0;
  if (message->nlmsg_type == NLMSG_ERROR)
    return -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
  int error = question->take(message, question->context);
  return error != 0 || question->has_one_part ? error : GOES_ON;
}

static int take_datagram(const uint8_t *datagram, size_t length, const struct question *question)
{
  int result = GOES_ON;
  for (size_t at = 0; result == GOES_ON && at < length;) {
    const struct nlmsghdr *message = (const void *)(datagram + at);
    if (length - at < sizeof *message || message->nlmsg_len < sizeof *message || message->nlmsg_len > length - at)
      return EBADMSG;
    result = take_message(message, question);
    at += NLMSG_ALIGN(message->nlmsg_len);
  }
  return result;
}

static int take_answer(int socket, const struct question *question)
{
  _Alignas(struct nlmsghdr) uint8_t datagram[ANSWER_BYTES];
  int result = GOES_ON;
  while (result == GOES_ON) {
    ssize_t length = recv(socket, datagram, sizeof datagram, MSG_TRUNC);
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0)
      return errno;
    result = (size_t)length > sizeof datagram ? EMSGSIZE : take_datagram(datagram, (size_t)length, question);
  }
  return result;
}

int qp_netlink_ask(int protocol, const struct qp_netlink_request *request, qp_netlink_taker *take, void *context)
{
  const struct question question = { take, context, !(request->header.nlmsg_flags & NLM_F_DUMP) };
  int file = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (file < 0)
    return errno;
  bool is_sent = send(file, request, request->header.nlmsg_len, 0) >= 0;
  int error = is_sent ? take_answer(file, &question) : errno;
  close(file);
  return error;
}

static void sort(const struct rtattr *attribute, int length, const struct rtattr **found, size_t count)
{
  memset(found, 0, count * sizeof *found);
  for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    size_t type = attribute->rta_type & NLA_TYPE_MASK;
    if (type < count)
      found[type] = attribute;
  }
}

void qp_netlink_sort(const struct nlmsghdr *message, size_t header_bytes, const struct rtattr **found, size_t count)
{
  const uint8_t *body = NLMSG_DATA(message);
  int length = (int)message->nlmsg_len - (int)NLMSG_LENGTH(NLMSG_ALIGN(header_bytes));
  sort((const struct rtattr *)(body + NLMSG_ALIGN(header_bytes)), length, found, count);
}

void qp_netlink_sort_nested(const struct rtattr *nest, const struct rtattr **found, size_t count)
{
  sort(nest ? RTA_DATA(nest) : NULL, nest ? (int)RTA_PAYLOAD(nest) : 0, found, count);
}

void qp_netlink_copy(const struct rtattr *attribute, void *number, size_t bytes)
{
  if (attribute && RTA_PAYLOAD(attribute) >= bytes)
    memcpy(number, RTA_DATA(attribute), bytes);
}

void qp_netlink_copy_text(const struct rtattr *attribute, char *text, size_t room)
{
  size_t length = attribute ? strnlen(RTA_DATA(attribute), RTA_PAYLOAD(attribute)) : 0;
  if (length >= room)
    length = room - 1;
  if (length > 0)
    memcpy(text, RTA_DATA(attribute), length);
  text[length] = '\0';
}
