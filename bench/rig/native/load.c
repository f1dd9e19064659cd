/*
 * The load: QUIC short-header packets of 1200 bytes, as many per system call as the kernel takes, so that the load on
 * one core outruns any forwarder. The connection ID of a packet comes from a list, in an order that depends only on the
 * packet's number: bursts of 16, or random.
 *
 *   load <file of connection IDs> <burst16|random> <source address> <source port> <sockets>
 *
 * Lines on standard input, each answered by one on standard output with the number of packets sent:
 *   check <address> <port> <packets> <kpps>      sealed packets, see packet.h
 *   flood <address> <port> <ms> <kpps>           0 kpps: at full speed
 *   allocate <address> <port> <sink> 0           TURN clients from now on, see direction_of
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "workload.h"
#include "packet.h"
#include "turn.h"

enum {
  /* Three bursts; in random order, as many as an IPv4 datagram holds with channel headers. */
  burst_segments = 3 * qp_burst,
  random_segments = 54,
  /* One for each session in random order. */
  max_sockets = 10000,
  answer_timeout_ms = 500,
  send_buffer_bytes = 4 << 20,
};

static const uint64_t ns_per_ms = 1000000;

static struct {
  struct qp_workload workload;
  int sockets[max_sockets];
  uint32_t socket_count;
  /* Bytes before each packet. */
  size_t header_bytes;
} load;

/* The packets that a command asks for. */
struct order {
  struct sockaddr_in to;
  uint64_t packets;
  uint64_t ns;
  uint32_t kpps;
  bool sealed;
};

static void fail(const char *what)
{
  perror(what);
  exit(1);
}

static uint64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 * ns_per_ms + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
  uint64_t ns_per_s = 1000 * ns_per_ms;
  struct timespec until = { .tv_sec = (time_t)(ns / ns_per_s), .tv_nsec = (long)(ns % ns_per_s) };
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Returns the socket for a connection ID. TURN clients divide the destinations and bind a channel to each of theirs. */
static uint32_t direction_of(uint32_t cid)
{
  return cid % load.socket_count;
}

static uint16_t channel_of(uint32_t cid)
{
  return (uint16_t)(qp_turn_first_channel + cid / load.socket_count);
}

/* Writes packet `n` and returns its size in bytes. */
static size_t write_packet(uint8_t *at, uint64_t n, uint32_t cid, bool sealed)
{
  uint8_t *packet = at + load.header_bytes;
  if (load.header_bytes > 0)
    qp_turn_channel_data(at, channel_of(cid), qp_packet_bytes);
  qp_packet_address(packet, qp_workload_cid(&load.workload, cid));
  if (sealed)
    qp_packet_seal(packet, n);
  return load.header_bytes + qp_packet_bytes;
}

/* Linux before 6.11 does not segment for a device without checksum offload. */
static void send_one_by_one(int fd, struct sockaddr_in *to, const struct iovec *vector, uint16_t segment_bytes)
{
  for (size_t at = 0; at < vector->iov_len; at += segment_bytes)
    if (sendto(fd, (uint8_t *)vector->iov_base + at, segment_bytes, 0, (struct sockaddr *)to, sizeof *to) < 0 &&
        errno != ENOBUFS)
      fail("load: sendto");
}

static void send_segments(int fd, struct sockaddr_in *to, struct iovec *vector, uint16_t segment_bytes)
{
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(uint16_t))];
  } control = { 0 };
  control.header =
    (struct cmsghdr){ .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof segment_bytes) };
  memcpy(CMSG_DATA(&control.header), &segment_bytes, sizeof segment_bytes);
  struct msghdr message = { .msg_name = to, .msg_namelen = sizeof *to, .msg_iov = vector, .msg_iovlen = 1 };
  if (vector->iov_len > segment_bytes) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
  }
  if (sendmsg(fd, &message, 0) >= 0 || errno == ENOBUFS)
    return;
  if (errno != EIO || message.msg_controllen == 0)
    fail("load: sendmsg");
  send_one_by_one(fd, to, vector, segment_bytes);
}

/** Sends the consecutive packets from number `n` on that belong to one socket as one message. Returns their number. */
static uint64_t send_message(struct order *order, uint64_t n)
{
  static uint8_t buffer[1 << 16];
  uint64_t most = load.workload.bursts ? burst_segments : random_segments;
  uint32_t cid = qp_workload_at(&load.workload, n), direction = direction_of(cid);
  uint64_t count = 0;
  size_t bytes = 0;
  do {
    bytes += write_packet(buffer + bytes, n + count, cid, order->sealed);
    cid = qp_workload_at(&load.workload, n + ++count);
  } while (count < most && n + count < order->packets && direction_of(cid) == direction);
  struct iovec vector = { buffer, bytes };
  send_segments(load.sockets[direction], &order->to, &vector, (uint16_t)(bytes / count));
  return count;
}

static uint64_t send_packets(struct order *order)
{
  uint64_t start = now_ns(), sent = 0;
  for (uint64_t now = start; sent < order->packets && now - start < order->ns; now = now_ns()) {
    uint64_t due = order->kpps > 0 ? start + sent * ns_per_ms / order->kpps : now;
    if (due > now)
      sleep_until(due);
    sent += send_message(order, sent);
  }
  return sent;
}

static void expect_success(int answer)
{
  if (answer == 0)
    return;
  fprintf(stderr, "load: the TURN server answered %d\n", answer);
  exit(1);
}

static void allocate(const struct sockaddr_in *server, const char *sink)
{
  struct sockaddr_in peer = { .sin_family = AF_INET };
  inet_pton(AF_INET, sink, &peer.sin_addr);
  load.header_bytes = qp_turn_channel_header;
  for (uint32_t direction = 0; direction < load.socket_count; direction++)
    expect_success(qp_turn_allocate(load.sockets[direction], server));
  for (uint32_t cid = 0; cid < load.workload.cid_count; cid++) {
    const uint8_t *port = qp_workload_cid(&load.workload, cid) + qp_port_at - qp_cid_at;
    memcpy(&peer.sin_port, port, sizeof peer.sin_port);
    expect_success(qp_turn_bind(load.sockets[direction_of(cid)], server, channel_of(cid), &peer));
  }
}

static void obey(const char *verb, struct sockaddr_in to, const char *argument, uint32_t kpps)
{
  uint64_t amount = strtoull(argument, NULL, 10), sent = 0;
  struct order check = { .to = to, .packets = amount, .ns = UINT64_MAX, .kpps = kpps, .sealed = true };
  struct order flood = { .to = to, .packets = UINT64_MAX, .ns = amount * ns_per_ms, .kpps = kpps };
  if (strcmp(verb, "allocate") == 0)
    allocate(&to, argument);
  else
    sent = send_packets(strcmp(verb, "check") == 0 ? &check : &flood);
  printf("%" PRIu64 "\n", sent);
  fflush(stdout);
}

static void allow_sockets(void)
{
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files))
    fail("load: setrlimit");
}

static void open_sockets(const char *address, uint16_t port)
{
  struct timeval timeout = { .tv_usec = answer_timeout_ms * 1000 };
  int buffer = send_buffer_bytes;
  for (uint32_t i = 0; i < load.socket_count; i++) {
    struct sockaddr_in self = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(port + i)) };
    inet_pton(AF_INET, address, &self.sin_addr);
    int fd = load.sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) ||
        bind(fd, (struct sockaddr *)&self, sizeof self))
      fail("load: socket");
  }
}

int main(int argc, char **argv)
{
  if (argc != 6)
    return 2;
  load.workload = qp_workload_read(argv[1], argv[2]);
  load.socket_count = (uint32_t)atoi(argv[5]);
  if (load.socket_count == 0 || load.socket_count > max_sockets)
    return 2;
  allow_sockets();
  open_sockets(argv[3], (uint16_t)atoi(argv[4]));
  /* Pauses between messages are shorter than the default timer slack of 50 µs. */
  prctl(PR_SET_TIMERSLACK, 1UL);
  char verb[16], address[16], argument[16];
  unsigned port, kpps;
  while (scanf("%15s %15s %u %15s %u", verb, address, &port, argument, &kpps) == 5) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    inet_pton(AF_INET, address, &to.sin_addr);
    obey(verb, to, argument, kpps);
  }
}
