/*
 * Carries Ethernet frames between pairs of interfaces, late, or not at all: the kernel's netem is not everywhere.
 *
 *   wire <cable>...     a cable "a-b" joins the interfaces "a-b" and "b-a"; prints `carrying`
 *
 * Obeys a line of standard input, answers it with `done`, and exits at its end:
 *
 *   delay <way> <microseconds>     a way "a-b" is what comes in by the interface of that name
 *   cut <way>                      drops IPv4 packets that come from now on; ARP goes on
 *   heal <way>
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

enum {
  max_ways = 16,
  max_name = IFNAMSIZ,
  max_line = 128,
  frame_bytes = 2048,
  /* More than a second of 8 MB/s. What finds no room is lost, as in a router. */
  queue_frames = 8192,
  reads_in_a_row = 64,
  socket_buffer_bytes = 8 << 20,
};

struct frame {
  uint64_t due_ns;
  size_t bytes;
  uint8_t content[frame_bytes];
};

/* One direction of a cable. Frames stay in order. */
struct way {
  char name[max_name];
  int source, target;
  uint64_t delay_ns;
  bool is_cut;
  struct frame *queue;
  size_t first, count;
};

static struct way ways[max_ways];
static size_t way_count;

static void fail(const char *what)
{
  perror(what);
  exit(1);
}

static uint64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int open_link(const char *name)
{
  int link = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  if (link < 0)
    fail("socket");
  int on = 1, buffer = socket_buffer_bytes;
  if (setsockopt(link, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on))
    fail("PACKET_IGNORE_OUTGOING");
  if (setsockopt(link, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer))
    fail("SO_RCVBUFFORCE");
  if (setsockopt(link, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer))
    fail("SO_SNDBUFFORCE");
  struct sockaddr_ll at = { .sll_family = AF_PACKET,
                            .sll_protocol = htons(ETH_P_ALL),
                            .sll_ifindex = (int)if_nametoindex(name) };
  if (bind(link, (struct sockaddr *)&at, sizeof at))
    fail(name);
  return link;
}

static void add_way(const char *name, int source, int target)
{
  if (way_count == max_ways)
    exit(1);
  struct way *way = &ways[way_count++];
  snprintf(way->name, sizeof way->name, "%s", name);
  way->source = source;
  way->target = target;
  way->queue = calloc(queue_frames, sizeof *way->queue);
  if (!way->queue)
    fail("calloc");
}

static void add_cable(const char *name)
{
  char back[max_name];
  const char *dash = strchr(name, '-');
  if (!dash)
    exit(1);
  snprintf(back, sizeof back, "%s-%.*s", dash + 1, (int)(dash - name), name);
  int one = open_link(name), other = open_link(back);
  add_way(name, one, other);
  add_way(back, other, one);
}

static bool is_ipv4(const uint8_t *frame)
{
  return frame[12] == ETHERTYPE_IP >> 8 && frame[13] == (ETHERTYPE_IP & 0xff);
}

static void take(struct way *way)
{
  for (int i = 0; i < reads_in_a_row; i++) {
    struct frame *frame = &way->queue[(way->first + way->count) % queue_frames];
    ssize_t bytes = recv(way->source, frame->content, frame_bytes, MSG_TRUNC);
    if (bytes < ETHER_HDR_LEN)
      return;
    bool is_lost = bytes > frame_bytes || way->count == queue_frames - 1 || (way->is_cut && is_ipv4(frame->content));
    if (is_lost)
      continue;
    frame->bytes = (size_t)bytes;
    frame->due_ns = now_ns() + way->delay_ns;
    way->count++;
  }
}

static void give(struct way *way)
{
  while (way->count > 0 && way->queue[way->first].due_ns <= now_ns()) {
    const struct frame *frame = &way->queue[way->first];
    /* What the other end has no room for is lost. */
    (void)!send(way->target, frame->content, frame->bytes, 0);
    way->first = (way->first + 1) % queue_frames;
    way->count--;
  }
}

static struct way *way_named(const char *name)
{
  for (size_t i = 0; i < way_count; i++)
    if (strcmp(ways[i].name, name) == 0)
      return &ways[i];
  fprintf(stderr, "no way %s\n", name);
  exit(1);
}

static void obey(const char *line)
{
  char word[8], name[max_name];
  unsigned long microseconds = 0;
  if (sscanf(line, "%7s %15s %lu", word, name, &microseconds) < 2)
    exit(1);
  struct way *way = way_named(name);
  if (strcmp(word, "delay") == 0)
    way->delay_ns = microseconds * 1000;
  if (strcmp(word, "cut") == 0)
    way->is_cut = true;
  if (strcmp(word, "heal") == 0)
    way->is_cut = false;
  puts("done");
}

static void read_lines(void)
{
  static char lines[max_line];
  static size_t held;
  ssize_t bytes = read(STDIN_FILENO, lines + held, sizeof lines - 1 - held);
  if (bytes <= 0)
    exit(0);
  held += (size_t)bytes;
  lines[held] = 0;
  char *end;
  while ((end = strchr(lines, '\n'))) {
    *end = 0;
    obey(lines);
    held -= (size_t)(end + 1 - lines);
    memmove(lines, end + 1, held + 1);
  }
}

/* Waits until a frame or a line comes, or a frame is due. */
static void wait_for_work(struct pollfd *polls)
{
  uint64_t due_ns = UINT64_MAX;
  for (size_t i = 0; i < way_count; i++)
    if (ways[i].count > 0 && ways[i].queue[ways[i].first].due_ns < due_ns)
      due_ns = ways[i].queue[ways[i].first].due_ns;
  uint64_t now = now_ns(), left_ns = due_ns > now ? due_ns - now : 0;
  struct timespec left = { .tv_sec = (time_t)(left_ns / 1000000000), .tv_nsec = (long)(left_ns % 1000000000) };
  if (ppoll(polls, way_count + 1, due_ns == UINT64_MAX ? NULL : &left, NULL) < 0)
    fail("ppoll");
}

int main(int argc, char **argv)
{
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 1; i < argc; i++)
    add_cable(argv[i]);
  struct pollfd polls[max_ways + 1] = { [max_ways] = { .fd = -1 } };
  for (size_t i = 0; i < way_count; i++)
    polls[i] = (struct pollfd){ .fd = ways[i].source, .events = POLLIN };
  polls[way_count] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
  puts("carrying");
  for (;;) {
    wait_for_work(polls);
    if (polls[way_count].revents)
      read_lines();
    for (size_t i = 0; i < way_count; i++)
      if (polls[i].revents)
        take(&ways[i]);
    for (size_t i = 0; i < way_count; i++)
      give(&ways[i]);
  }
}
