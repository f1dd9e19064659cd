/*
 * Far end of the rig while packets are checked. Takes every UDP datagram for the sink's address and checks that it is,
 * byte for byte, a packet of the load, at the port in its connection ID. It does not run during timed rounds.
 *
 *   sink <address> <ms of silence that end a check>
 *
 * Prints a line once it listens. For each line `<packets>` on standard input, waits for that many and prints
 * `<right> <wrong>`.
 */
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "packet.h"

enum {
  max_packets = 1 << 16,
  ip_header_bytes = 20,
  receive_buffer_bytes = 4 << 20,
};

static int open_socket(const char *address, int silence_ms)
{
  /* Raw, so that one socket serves the ports of all destinations. */
  int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP), buffer = receive_buffer_bytes;
  struct sockaddr_in self = { .sin_family = AF_INET };
  struct timeval silence = { .tv_sec = silence_ms / 1000, .tv_usec = silence_ms % 1000 * 1000 };
  inet_pton(AF_INET, address, &self.sin_addr);
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) ||
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) ||
      bind(fd, (struct sockaddr *)&self, sizeof self)) {
    perror("sink: socket");
    exit(1);
  }
  return fd;
}

/* Reports whether an IPv4 datagram is a packet of the load, not seen before, at its right port. Marks it as seen. */
static bool is_right(const uint8_t *datagram, size_t bytes, bool *seen)
{
  const uint8_t *packet = datagram + ip_header_bytes + sizeof(struct udphdr);
  uint64_t sequence;
  if (bytes < sizeof(struct udphdr) + ip_header_bytes)
    return false;
  if (!qp_packet_open(packet, bytes - (size_t)(packet - datagram), &sequence))
    return false;
  const struct udphdr *udp = (const struct udphdr *)(datagram + ip_header_bytes);
  if (memcmp(&udp->dest, packet + qp_port_at, sizeof udp->dest) != 0)
    return false;
  if (sequence >= max_packets || seen[sequence])
    return false;
  return seen[sequence] = true;
}

static void check(int fd, unsigned expected)
{
  static uint8_t datagram[1 << 16];
  static bool seen[max_packets];
  memset(seen, 0, sizeof seen);
  unsigned right = 0, wrong = 0;
  while (right + wrong < expected) {
    ssize_t bytes = recv(fd, datagram, sizeof datagram, 0);
    if (bytes < 0)
      break;
    if (is_right(datagram, (size_t)bytes, seen))
      right++;
    else
      wrong++;
  }
  printf("%u %u\n", right, wrong);
  fflush(stdout);
}

int main(int argc, char **argv)
{
  if (argc != 3)
    return 2;
  int fd = open_socket(argv[1], atoi(argv[2]));
  puts("listening");
  fflush(stdout);
  for (unsigned expected; scanf("%u", &expected) == 1;)
    check(fd, expected);
}
