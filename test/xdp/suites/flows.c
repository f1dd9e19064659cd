#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../bpf/flow.h"
#include "../../../src/forwarder/native/tables/session.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

enum {
  LONGER_THAN_REMEMBERED_US = 150000,
  /* So many because the time between the reads of an entry is short. */
  ROUNDS = 500000,
};

static const char *const macs[] = { "02:00:00:00:00:01", "02:00:00:00:00:99" };

/** Sets the MAC of the neighbour at Bob's address. The program asks for it only if it has nothing cached. */
static void set_neighbour(int mac)
{
  char line[128];
  snprintf(line, sizeof line, "neighbour replace 192.0.2.3 lladdr %s dev west nud permanent\n", macs[mac]);
  host_configure(line);
}

static void goes_to(const struct packet *packet, int mac)
{
  const struct packet after = packet_after(packet, BOB4);
  const struct frame in = frame_of(packet);
  struct frame out = frame_of(&after);
  out.bytes[ETH_ALEN - 1] = mac == 0 ? 0x01 : 0x99;
  const struct outcome outcome = run(&in);
  CHECK(outcome.verdict == XDP_TX && same_frame(&outcome.frame, &out));
}

static void remember_a_next_hop_for_a_moment(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  set_neighbour(1);
  forwards(&packet, ALICE4, BOB4);
  usleep(LONGER_THAN_REMEMBERED_US);
  goes_to(&packet, 1);
  set_neighbour(0);
}

static void share_a_next_hop(void)
{
  struct packet packet = packet_between(ALICE4, BOB4), other = packet_between(CAROL4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  set_neighbour(1);
  goes_to(&other, 0);
  packet.tos ^= 3;
  goes_to(&packet, 0);
  packet.tos ^= 4;
  goes_to(&packet, 1);
  set_neighbour(0);
}

static void remember_it_for_this_host_alone(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct packet foreign = packet;
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  foreign.to = address_from("192.0.2.200", RELAY_PORT);
  passes_packet(&foreign);
  foreign.from.port ^= 0xffff;
  passes_packet(&foreign);
}

static void remember_it_for_one_link(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  rig.ingress = EAST;
  /* WEST is not an exit for other interfaces. */
  passes_packet(&packet);
  rig.ingress = WEST;
  forwards(&packet, ALICE4, BOB4);
}

static void remember_who_pays(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  qp_kernel_remove_sender(&rig.kernel, &packet.from);
  forwards(&packet, ALICE4, BOB4);
  usleep(LONGER_THAN_REMEMBERED_US);
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
}

static void ask_anew_once_told(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  qp_kernel_set_sender(&rig.kernel, &packet.from, CAROL4);
  forwards(&packet, ALICE4, BOB4);
  qp_state_touch(&rig.kernel.states[ALICE4]);
  forwards(&packet, CAROL4, BOB4);
}

static void tell_senders_apart(void)
{
  static const enum person senders[2][2] = { { ALICE4, CAROL4 }, { ALICE6, CAROL6 } };
  rig_reset();
  for (int i = 0; i < 8; i++) {
    const enum person *pair = senders[i % 2], to = i % 2 ? BOB6 : BOB4;
    const struct packet packet = packet_between(pair[i / 2 % 2], to);
    forwards(&packet, pair[i / 2 % 2], to);
    /* Differs in only one part of the address. */
    struct packet stranger = packet;
    stranger.from.port ^= 1;
    drops_packet(&stranger, QP_TOTAL_SOURCE_UNREGISTERED);
    stranger = packet;
    stranger.from.ip.bytes[15] ^= 0x80;
    drops_packet(&stranger, QP_TOTAL_SOURCE_UNREGISTERED);
    /* An IPv4 address is in the last bytes. */
    stranger.from = packet.from;
    stranger.from.ip.bytes[is_ipv6(to) ? 4 : 12] ^= 0x40;
    drops_packet(&stranger, QP_TOTAL_SOURCE_UNREGISTERED);
  }
}

static void end_with_either_session(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  rig_expire(ALICE4);
  passes_packet(&packet);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  rig_expire(BOB4);
  drops_packet(&packet, QP_TOTAL_SESSION_EXPIRED);
}

static void follow_a_session_at_once(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  struct qp_udp_address moved = address_of(BOB4);
  moved.port ^= 0xffff;
  rig_move(BOB4, moved);
  forwards(&packet, ALICE4, BOB4);
  rig_move(BOB4, packet.from);
  passes_packet(&packet);
}

/** Maps the map `flows` into memory. */
static struct qp_flow *map_flows(void)
{
  struct qp_flow *flows = mmap(NULL, PEOPLE * sizeof *flows, PROT_READ | PROT_WRITE, MAP_SHARED, rig.kernel.flows, 0);
  CHECK(flows != MAP_FAILED);
  return flows;
}

static void wait_while_one_is_written(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_flow *flows = map_flows();
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  flows[BOB4].next_hop.destination[ETH_ALEN - 1] = 0x99;
  goes_to(&packet, 1);
  flows[BOB4].version++;
  goes_to(&packet, 0);
  flows[BOB4].version++;
  goes_to(&packet, 1);
  munmap(flows, PEOPLE * sizeof *flows);
}

/** Stands in for a processor that caches packets of two kinds in turn. */
struct writer {
  struct qp_flow *flow;
  struct qp_flow kinds[2];
  atomic_bool is_over;
};

/** Writes like bpf/guard.h, unless the program is writing. */
static bool write_flow(struct qp_flow *flow, const struct qp_flow *found)
{
  const size_t skipped = sizeof flow->version;
  uint32_t before = __atomic_load_n(&flow->version, __ATOMIC_SEQ_CST);
  if (before % 2 != 0 ||
      !__atomic_compare_exchange_n(&flow->version, &before, before + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    return false;
  memcpy((char *)flow + skipped, (const char *)found + skipped, sizeof *flow - skipped);
  __atomic_fetch_add(&flow->version, 1, __ATOMIC_SEQ_CST);
  return true;
}

static void *write_again_and_again(void *context)
{
  struct writer *writer = context;
  for (int kind = 0; !atomic_load(&writer->is_over);) {
    writer->kinds[kind].expires_at = qp_flow_time(now_ns()) + QP_FLOW_TTL;
    if (write_flow(writer->flow, &writer->kinds[kind]))
      kind = !kind;
  }
  return NULL;
}

/** Prepares a cache entry for each kind, with its own MAC. */
static void prepare(struct writer *writer)
{
  for (int kind = 0; kind < 2; kind++) {
    struct qp_flow *found = &writer->kinds[kind];
    *found = *writer->flow;
    memset(found->next_hop.destination, kind == 0 ? 0x00 : 0xff, sizeof found->next_hop.destination);
  }
  writer->kinds[1].dscp ^= 4;
}

static void are_taken_whole(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct frame frame = frame_of(&packet);
  struct qp_flow *flows = map_flows();
  struct writer writer = { .flow = &flows[BOB4] };
  unsigned remembered = 0;
  pthread_t thread;
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  prepare(&writer);
  CHECK(pthread_create(&thread, NULL, write_again_and_again, &writer) == 0);
  for (int round = 0; round < ROUNDS; round++) {
    const struct outcome outcome = run(&frame);
    CHECK(outcome.verdict == XDP_TX && outcome.frame.bytes[0] != 0xff);
    remembered += outcome.frame.bytes[0] == 0x00;
  }
  atomic_store(&writer.is_over, true);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(remembered > 0 && remembered < ROUNDS);
  munmap(flows, PEOPLE * sizeof *flows);
}

/** The expiry predates the clock's last wrap. */
static void are_not_of_a_round_before(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_flow *flows = map_flows();
  rig_reset();
  forwards(&packet, ALICE4, BOB4);
  set_neighbour(1);
  forwards(&packet, ALICE4, BOB4);
  flows[BOB4].expires_at += QP_FLOW_TTL;
  goes_to(&packet, 1);
  set_neighbour(0);
  munmap(flows, PEOPLE * sizeof *flows);
}

static const struct test tests[] = {
  { "remember a next hop for a tenth of a second", remember_a_next_hop_for_a_moment },
  { "of several senders share the next hop, as do packets that differ in their ECN bits alone", share_a_next_hop },
  { "pass up what is for another host, whatever is remembered", remember_it_for_this_host_alone },
  { "remember it for what comes in by the same link alone", remember_it_for_one_link },
  { "remember who pays for as long", remember_who_pays },
  { "ask who pays anew when the one who did was told", ask_anew_once_told },
  { "of several senders each pay for their own", tell_senders_apart },
  { "end when the time of either session is over", end_with_either_session },
  { "follow a session that moves at once", follow_a_session_at_once },
  { "are found out anew while another processor writes one", wait_while_one_is_written },
  { "are taken whole or not at all", are_taken_whole },
  { "that would last too long are of a time that is long over", are_not_of_a_round_before },
};

const struct suite flows_suite = SUITE("flows", tests);
