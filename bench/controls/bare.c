/*
 * Control of the relay rows: the fastest bare forwarder built like the native backend, without table, policy or
 * counters. It reads the destination port from the packet's connection ID, so that its input and output match those of
 * a relay that looks the destination up.
 *
 *   bare <address to bind> <address of the sink>     prints its port; exits at the end of standard input
 */
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../rig/native/packet.h"

enum {
  receive_count = 16,
  receive_bytes = 1 << 16,
  /* UDP_MAX_SEGMENTS of older Linux kernels, and just under the payload limit of an IPv4 datagram. */
  group_segments = 64,
  group_bytes = 65000,
  group_count = receive_count * group_segments,
  /* Not a power of two, so that the first vectors of the groups do not share cache sets. */
  group_vectors = group_segments + 4,
  socket_buffer_bytes = 4 << 20,
};

/* Datagrams to one destination that leave as one message. */
struct group {
  struct sockaddr_in to;
  uint16_t segment_bytes;
  uint16_t segments;
  uint32_t bytes;
  struct iovec vectors[group_vectors];
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(uint16_t))];
  } control;
};

static struct mmsghdr in[receive_count];
static struct iovec in_vectors[receive_count];
static char in_controls[receive_count][CMSG_SPACE(sizeof(int))];
static uint8_t in_buffers[receive_count][receive_bytes];

static struct mmsghdr out[group_count];
static struct group groups[group_count];
static uint32_t out_count;

/* The open group of each port; valid only if its batch is the current one. */
static struct {
  uint32_t batch;
  uint32_t group;
} open_groups[1 << 16];
static uint32_t batch;

static void fail(const char *what)
{
  perror(what);
  exit(1);
}

static void prepare(struct in_addr sink)
{
  for (int i = 0; i < receive_count; i++) {
    in_vectors[i] = (struct iovec){ in_buffers[i], receive_bytes };
    in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_vectors[i], .msg_iovlen = 1, .msg_control = in_controls[i] };
  }
  for (int i = 0; i < group_count; i++) {
    struct group *group = &groups[i];
    group->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = sink };
    group->control.header =
      (struct cmsghdr){ .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(uint16_t)) };
    out[i].msg_hdr = (struct msghdr){
      .msg_name = &group->to, .msg_namelen = sizeof group->to, .msg_iov = group->vectors, .msg_control = &group->control
    };
  }
}

static struct group *open_group(uint16_t port, uint16_t segment_bytes)
{
  open_groups[port].batch = batch;
  open_groups[port].group = out_count;
  struct group *group = &groups[out_count];
  group->to.sin_port = port;
  group->segment_bytes = segment_bytes;
  group->segments = 0;
  group->bytes = 0;
  out[out_count++].msg_hdr.msg_iovlen = 0;
  return group;
}

static void append(struct group *group, size_t *vectors, uint8_t *segment, uint16_t bytes)
{
  struct iovec *next = &group->vectors[*vectors];
  /* Adjacent segments share one vector. */
  if (*vectors > 0 && (uint8_t *)next[-1].iov_base + next[-1].iov_len == segment)
    next[-1].iov_len += bytes;
  else {
    *next = (struct iovec){ segment, bytes };
    (*vectors)++;
  }
  group->segments++;
  group->bytes += bytes;
}

static void add_segment(uint8_t *segment, uint16_t bytes)
{
  uint16_t port;
  memcpy(&port, segment + qp_port_at, sizeof port);
  struct group *group = &groups[open_groups[port].group];
  if (open_groups[port].batch != batch || group->segment_bytes != bytes || group->segments == group_segments ||
      group->bytes + bytes > group_bytes)
    group = open_group(port, bytes);
  append(group, &out[group - groups].msg_hdr.msg_iovlen, segment, bytes);
}

static void send_groups(int fd)
{
  for (uint32_t i = 0; i < out_count; i++) {
    struct group *group = &groups[i];
    memcpy(CMSG_DATA(&group->control.header), &group->segment_bytes, sizeof group->segment_bytes);
    out[i].msg_hdr.msg_controllen = group->segments > 1 ? sizeof group->control : 0;
  }
  for (uint32_t sent = 0; sent < out_count;) {
    int count = sendmmsg(fd, out + sent, out_count - sent, MSG_DONTWAIT);
    /* A message that the kernel refuses is lost, as it is with the relay. */
    sent += count > 0 ? (uint32_t)count : 1;
  }
}

static size_t segment_size(struct msghdr *message, size_t bytes)
{
  struct cmsghdr *header = CMSG_FIRSTHDR(message);
  if (!header || header->cmsg_type != UDP_GRO)
    return bytes;
  int size;
  memcpy(&size, CMSG_DATA(header), sizeof size);
  return (size_t)size;
}

static bool forward_batch(int fd)
{
  for (int i = 0; i < receive_count; i++)
    in[i].msg_hdr.msg_controllen = sizeof in_controls[i];
  int count = recvmmsg(fd, in, receive_count, MSG_DONTWAIT, NULL);
  if (count <= 0)
    return false;
  batch++;
  out_count = 0;
  for (int i = 0; i < count; i++) {
    size_t left = in[i].msg_len, size = segment_size(&in[i].msg_hdr, left);
    for (uint8_t *at = in_buffers[i]; left > qp_sequence_at; at += size) {
      size_t bytes = left < size ? left : size;
      add_segment(at, (uint16_t)bytes);
      left -= bytes;
    }
  }
  send_groups(fd);
  return true;
}

static int open_socket(const char *address)
{
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const int buffer = socket_buffer_bytes, on = 1, unfragmented = IP_PMTUDISC_PROBE;
  struct sockaddr_in self = { .sin_family = AF_INET };
  inet_pton(AF_INET, address, &self.sin_addr);
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) ||
      setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) ||
      setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) ||
      setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &unfragmented, sizeof unfragmented) ||
      bind(fd, (struct sockaddr *)&self, sizeof self))
    fail("bare: socket");
  socklen_t length = sizeof self;
  getsockname(fd, (struct sockaddr *)&self, &length);
  printf("%u\n", ntohs(self.sin_port));
  fflush(stdout);
  return fd;
}

static void watch(int epoll, int fd)
{
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
    fail("bare: epoll_ctl");
}

int main(int argc, char **argv)
{
  struct in_addr sink;
  if (argc != 3 || inet_pton(AF_INET, argv[2], &sink) != 1)
    return 2;
  prepare(sink);
  int fd = open_socket(argv[1]), epoll = epoll_create1(0);
  watch(epoll, fd);
  watch(epoll, STDIN_FILENO);
  for (struct epoll_event event;;) {
    if (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == STDIN_FILENO)
      return 0;
    while (forward_batch(fd))
      continue;
  }
}
