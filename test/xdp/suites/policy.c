#include <arpa/inet.h>

#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

/** Sender and receiver, for each IP version. */
static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE6, BOB6 }, { ALICE4, CAROL4 }, { ALICE6, CAROL6 } };

static void for_each_pair(void (*show)(enum person from, enum person to, struct packet packet))
{
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    rig_reset();
    show(pairs[i][0], pairs[i][1], packet_between(pairs[i][0], pairs[i][1]));
  }
}

static void show_ports(enum person from, enum person to, struct packet packet)
{
  static const uint16_t ports[] = { 0, 1, RELAY_PORT - 1, RELAY_PORT + 1, 0x5111, 65535 };
  for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
    packet.to.port = htons(ports[i]);
    passes_packet(&packet);
  }
  packet.to.port = htons(RELAY_PORT);
  forwards(&packet, from, to);
}

static void show_foreign(enum person from, enum person to, struct packet packet)
{
  (void)to;
  packet.to = address_from(is_ipv6(from) ? "2001:db8:1::9" : "192.0.2.9", RELAY_PORT);
  passes_packet(&packet);
}

static void show_unknown_cid(enum person from, enum person to, struct packet packet)
{
  uint8_t cid[CID_BYTES];
  (void)from;
  cid_of(to, cid);
  qp_kernel_remove_route(&rig.kernel, cid);
  passes_packet(&packet);
}

static void show_unregistered(enum person from, enum person to, struct packet packet)
{
  struct packet other = packet;
  other.from.port = htons(999);
  drops_packet(&other, QP_TOTAL_SOURCE_UNREGISTERED);
  rig_remove_sender(&packet.from);
  drops_packet(&packet, QP_TOTAL_SOURCE_UNREGISTERED);
  rig_set_sender(&packet.from, from);
  forwards(&packet, from, to);
}

static void show_any_source(enum person from, enum person to, struct packet packet)
{
  rig_check_senders(false);
  forwards(&packet, from, to);
  rig_remove_sender(&packet.from);
  forwards(&packet, NOBODY, to);
}

static void show_lacking(enum person from, enum person to, struct packet packet)
{
  const struct packet known = packet;
  packet.from.port = htons(999);
  rig.kernel.may_lack_senders = true;
  for (int is_checked = 0; is_checked < 2; is_checked++) {
    rig_check_senders(is_checked);
    passes_packet(&packet);
    forwards(&known, from, to);
  }
  rig_expire(to);
  drops_packet(&packet, QP_TOTAL_SESSION_EXPIRED);
  rig.kernel.may_lack_senders = false;
}

static void show_expired(enum person from, enum person to, struct packet packet)
{
  (void)from;
  rig_expire(to);
  drops_packet(&packet, QP_TOTAL_SESSION_EXPIRED);
  rig_remove_sender(&packet.from);
  drops_packet(&packet, QP_TOTAL_SESSION_EXPIRED);
}

static void show_expired_sender(enum person from, enum person to, struct packet packet)
{
  (void)to;
  rig_expire(from);
  passes_packet(&packet);
}

static void show_no_address(enum person from, enum person to, struct packet packet)
{
  rig_move(to, (struct qp_udp_address){ 0 });
  passes_packet(&packet);
  rig.kernel.states[to].address.ip = address_of(to).ip;
  passes_packet(&packet);
  rig_move(to, address_of(to));
  forwards(&packet, from, to);
}

static void show_half_written(enum person from, enum person to, struct packet packet)
{
  rig.kernel.states[to].version++;
  passes_packet(&packet);
  rig.kernel.states[to].expires_at_ns = 0;
  passes_packet(&packet);
  rig.kernel.states[to].expires_at_ns = UINT64_MAX;
  rig.kernel.states[to].version++;
  forwards(&packet, from, to);
}

static void show_other_version(enum person from, enum person to, struct packet packet)
{
  (void)from;
  rig_move(to, address_of(is_ipv6(to) ? BOB4 : BOB6));
  passes_packet(&packet);
  /* Its last 32 bits are a neighbour's IPv4 address. */
  rig_move(to, address_from(is_ipv6(to) ? "192.0.2.3" : "2001:db8:1::192.0.2.3", 1001));
  passes_packet(&packet);
}

static void show_way_back(enum person from, enum person to, struct packet packet)
{
  struct packet self = packet_between(from, from);
  passes_packet(&self);
  rig_move(to, packet.from);
  passes_packet(&packet);
  /* The same port at another address is another endpoint, and so is another port at the same address. */
  struct qp_udp_address elsewhere = address_of(to);
  elsewhere.port = packet.from.port;
  rig_move(to, elsewhere);
  forwards(&packet, from, to);
  elsewhere = packet.from;
  elsewhere.port = htons(2000);
  rig_move(to, elsewhere);
  struct packet after = packet_after(&packet, from);
  after.to = rig.kernel.states[to].address;
  const struct frame in = frame_of(&packet), out = frame_of(&after);
  const struct outcome outcome = run(&in);
  CHECK(outcome.verdict == XDP_TX && same_frame(&outcome.frame, &out));
}

static void passes_other_ports(void)
{
  for_each_pair(show_ports);
}

static void passes_foreign_destinations(void)
{
  for_each_pair(show_foreign);
}

static void passes_unknown_cids(void)
{
  for_each_pair(show_unknown_cid);
}

static void drops_unregistered_sources(void)
{
  for_each_pair(show_unregistered);
}

static void takes_any_source(void)
{
  for_each_pair(show_any_source);
}

static void passes_unknown_sources_where_some_are_lacking(void)
{
  for_each_pair(show_lacking);
}

static void drops_for_expired_sessions(void)
{
  for_each_pair(show_expired);
}

static void passes_expired_senders(void)
{
  for_each_pair(show_expired_sender);
}

static void passes_for_sessions_without_address(void)
{
  for_each_pair(show_no_address);
}

static void passes_while_an_address_is_written(void)
{
  for_each_pair(show_half_written);
}

static void passes_for_the_other_version(void)
{
  for_each_pair(show_other_version);
}

static void passes_the_way_back(void)
{
  for_each_pair(show_way_back);
}

static void passes_link_local_sources(void)
{
  static const char *const sources[] = { "fe80::2", "febf:ffff::2" };
  struct packet packet = packet_between(ALICE6, BOB6);
  rig_reset();
  rig_check_senders(false);
  for (int i = 0; i < 2; i++) {
    packet.from = address_from(sources[i], 1000);
    passes_packet(&packet);
  }
  packet.from = address_from("fec0::2", 1000);
  forwards(&packet, NOBODY, BOB6);
}

/** Bytes 1 to 12 of a STUN message end in its transaction ID (RFC 8489 section 5), and are a connection ID as well. */
static void passes_stun(void)
{
  static const uint8_t request[24] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  rig_reset();
  qp_kernel_set_routes(&rig.kernel, request + 1, 1, BOB4);
  struct packet packet = packet_between(ALICE4, BOB4);
  packet.payload = request;
  packet.payload_bytes = 20;
  passes_packet(&packet);
  packet.payload_bytes = sizeof request;
  forwards(&packet, ALICE4, BOB4);
}

static void passes_posing_addresses(void)
{
  struct packet packet = packet_between(ALICE6, BOB6);
  rig_reset();
  packet.from = address_of(ALICE4);
  passes_packet(&packet);
  packet = packet_between(ALICE6, BOB6);
  packet.to = address_from(HOST_IPV4, RELAY_PORT);
  passes_packet(&packet);
}

static const struct test tests[] = {
  { "passes up what is for other UDP ports", passes_other_ports },
  { "passes up what is for other hosts", passes_foreign_destinations },
  { "passes up unknown connection IDs", passes_unknown_cids },
  { "drops what comes from an unregistered source, and counts it", drops_unregistered_sources },
  { "takes any source where the policy is off, and has a registered one pay", takes_any_source },
  { "passes up what comes from an unknown source while the table lacks some, under either policy",
    passes_unknown_sources_where_some_are_lacking },
  { "drops what is for an expired session, and counts it", drops_for_expired_sessions },
  { "passes up what comes from an expired session", passes_expired_senders },
  { "passes up what is for a session without an address", passes_for_sessions_without_address },
  { "passes up what is for a session whose address is being written", passes_while_an_address_is_written },
  { "passes up what has to leave in the other IP version", passes_for_the_other_version },
  { "passes up what would go back to where it comes from", passes_the_way_back },
  { "passes up STUN, even where its bytes lead to a session", passes_stun },
  { "passes up link-local sources", passes_link_local_sources },
  { "passes up IPv6 packets with IPv4-mapped addresses", passes_posing_addresses },
};

const struct suite policy_suite = SUITE("policy", tests);
