/*
 * An XDP program in the kernel: the relay's, with the sessions of a workload, or the control.
 *
 *   xdp <relay|reflector> <interface> <relay's end> <client's end> <load's port> <file of connection IDs>
 *       <max routes> <max sessions>
 *
 * Prints the port that it forwards from. Lines on standard input, each answered by one on standard output:
 *   check 0         runs the program once for each connection ID: `<right> <wrong>` output frames
 *   attach 0        attaches it to the interface, in generic mode
 *   detach 0
 *   frames <ms>     runs it on frames as a driver delivers them: the number of frames
 *   time <ms>       the same: the ns that one run of the program takes
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../src/xdp/native/calls.h"
#include "../../src/xdp/native/kernel.h"
#include "../../src/xdp/native/maps.h"
#include "../build/reflector.skel.h"
#include "../rig/native/workload.h"
#include "../rig/native/frame.h"
#include "../rig/native/refill.h"
#include "../rig/native/test-run.h"

enum {
  /* First port of the sessions, as in rig/workload.ts. Session 0 is the load's. */
  first_port = 20000,
};

static const uint64_t ns_per_s = 1000000000, s_per_hour = 3600;

static struct {
  bool is_relay;
  int link;
  struct qp_test_run test_run;
  struct qp_kernel kernel;
  struct qp_cable cable;
  struct qp_workload workload;
} host = { .link = -1 };

static void expect(bool holds, const char *what)
{
  if (holds)
    return;
  fprintf(stderr, "xdp: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * ns_per_s + (uint64_t)now.tv_nsec;
}

/* Opens a session that outlives the run, with a bucket of its own that never refuses. */
static void open_session(uint32_t session, struct qp_udp_address address)
{
  host.kernel.by_subject[session] = (struct qp_bucket){ .token_ns_q16 = 1, .depth_ns = ns_per_s };
  host.kernel.states[session] = (struct qp_session_state){
    .expires_at_ns = now_ns() + s_per_hour * ns_per_s,
    .version = 2,
    .address = address,
    .local = host.cable.relay.ip,
    .bucket = session,
  };
  qp_kernel_set_sender(&host.kernel, &address, session);
}

/* Opens a session for each port in the connection IDs, and one for the load. */
static void open_sessions(uint16_t load_port)
{
  const struct qp_workload *workload = &host.workload;
  open_session(0, (struct qp_udp_address){ .ip = host.cable.client.ip, .port = htons(load_port) });
  for (uint32_t index = 0; index < workload->cid_count; index++) {
    const uint8_t *cid = qp_workload_cid(workload, index);
    struct qp_udp_address address = qp_session_of(&host.cable, cid);
    uint32_t session = ntohs(address.port) - first_port + 1u;
    if (host.kernel.states[session].version == 0)
      open_session(session, address);
    qp_kernel_set_routes(&host.kernel, cid, 1, session);
  }
}

static int open_relay(uint16_t load_port, uint32_t max_routes, uint32_t max_sessions)
{
  const struct qp_kernel_options options = {
    .max_routes = max_routes,
    .max_sessions = max_sessions,
    .max_buckets = max_sessions,
  };
  errno = qp_kernel_open(&host.kernel, &options);
  expect(errno == 0, "load the relay");
  qp_kernel_set_local_addresses(&host.kernel, &host.cable.relay.ip, 1);
  open_sessions(load_port);
  errno = qp_kernel_start(&host.kernel, htons(QP_RELAY_PORT), true);
  expect(errno == 0 && host.kernel.refused_routes == 0, "set the tables up");
  return host.kernel.program;
}

static int open_reflector(void)
{
  struct qp_reflector *reflector = qp_reflector__open_and_load();
  expect(reflector != NULL, "load the reflector");
  return reflector->progs.reflect.prog_fd;
}

/* Reports whether the output is, byte for byte, the expected frame. */
static bool is_right(const uint8_t *cid)
{
  struct frame in = qp_frame_in(&host.cable, cid), out;
  struct frame right = host.is_relay ? qp_frame_relayed(&host.cable, cid) : qp_frame_reflected(&host.cable, cid);
  enum xdp_action verdict = qp_test_run_once(&host.test_run, &in, &out);
  if (host.is_relay && qp_looks_unfinished(&in))
    return verdict == XDP_PASS && same_frame(&out, &in);
  return verdict == XDP_TX && same_frame(&out, &right);
}

static void check(void)
{
  uint32_t right = 0, count = host.workload.cid_count;
  for (uint32_t index = 0; index < count; index++)
    right += is_right(qp_workload_cid(&host.workload, index));
  printf("%u %u\n", right, count - right);
}

static void attach(void)
{
  host.link = qp_bpf_link(host.test_run.program, host.test_run.interface_index, XDP_FLAGS_SKB_MODE);
  if (host.link < 0)
    errno = -host.link;
  expect(host.link >= 0, "attach");
  puts("attached");
}

static void detach(void)
{
  close(host.link);
  puts("detached");
}

static void obey(const char *verb, uint64_t ms)
{
  struct frame first = qp_frame_in(&host.cable, qp_workload_cid(&host.workload, 0));
  if (strcmp(verb, "check") == 0)
    check();
  else if (strcmp(verb, "attach") == 0)
    attach();
  else if (strcmp(verb, "detach") == 0)
    detach();
  else if (strcmp(verb, "frames") == 0)
    printf("%" PRIu64 "\n", qp_test_run_live(&host.test_run, &first, ms));
  else
    printf("%.1f\n", qp_test_run_time(&host.test_run, &first, ms));
  fflush(stdout);
}

int main(int argc, char **argv)
{
  if (argc != 9)
    return 2;
  host.is_relay = strcmp(argv[1], "relay") == 0;
  host.test_run.interface_index = if_nametoindex(argv[2]);
  host.cable = qp_cable_parse(argv[3], argv[4]);
  /* The order of sending is irrelevant here. */
  host.workload = qp_workload_read(argv[6], "random");
  uint16_t load_port = (uint16_t)atoi(argv[5]);
  uint32_t max_routes = (uint32_t)atoi(argv[7]), max_sessions = (uint32_t)atoi(argv[8]);
  host.test_run.program = host.is_relay ? open_relay(load_port, max_routes, max_sessions) : open_reflector();
  printf("%d\n", QP_RELAY_PORT);
  fflush(stdout);
  char verb[8];
  for (uint64_t ms; scanf("%7s %" SCNu64, verb, &ms) == 2;)
    obey(verb, ms);
}
