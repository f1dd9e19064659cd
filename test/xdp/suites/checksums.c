#include <stdlib.h>
#include <string.h>

#include "../../native/harness/check.h"
#include "../../native/harness/random.h"
#include "../suites.h"
#include "../verdict.h"

enum { ROUNDS = 20000, ROUTES = 100000, MAX_PAYLOAD_BYTES = 1300 };

static uint8_t *random_cids(struct random *random)
{
  uint8_t *cids = malloc((size_t)ROUTES * CID_BYTES);
  CHECK(cids != NULL);
  for (size_t i = 0; i < (size_t)ROUTES * CID_BYTES; i++)
    cids[i] = (uint8_t)(random_word(random) & (i % CID_BYTES == 0 ? 0x7f : 0xff));
  return cids;
}

static struct packet random_packet(struct random *random, enum person from, uint8_t *payload, const uint8_t *cid)
{
  struct packet packet = packet_between(from, from);
  packet.tos = (uint8_t)random_word(random);
  packet.ttl = (uint8_t)(2 + random_below(random, 254));
  packet.id = (uint16_t)random_word(random);
  packet.fragment = random_below(random, 2) ? DONT_FRAGMENT : 0;
  packet.flow_label = random_below(random, 1 << 20);
  packet.has_no_checksum = !packet.is_ipv6 && random_below(random, 4) == 0;
  packet.payload = payload;
  packet.payload_bytes = 1 + CID_BYTES + random_below(random, MAX_PAYLOAD_BYTES - CID_BYTES);
  for (uint32_t i = 0; i < packet.payload_bytes; i++)
    payload[i] = (uint8_t)random_word(random);
  /* Distinguishes the packet from STUN. */
  payload[0] = 0x40 | (payload[0] & 0x3f);
  memcpy(payload + 1, cid, CID_BYTES);
  return packet;
}

static int compare_words(const void *one, const void *other)
{
  uint32_t left = *(const uint32_t *)one, right = *(const uint32_t *)other;
  return (left > right) - (left < right);
}

/** Reports whether the checksum happens to equal the sum of the pseudo-header. */
static bool looks_unfinished(const struct packet *packet)
{
  struct packet unfinished = *packet;
  unfinished.is_unfinished = true;
  const struct frame frame = frame_of(packet), other = frame_of(&unfinished);
  return !packet->has_no_checksum && same_frame(&frame, &other);
}

/** Sends a packet from one random port to another. Returns the run time of the program. */
static uint32_t send_between_ports(struct packet *packet, struct random *random, enum person from, enum person to)
{
  uint32_t duration_ns = 0;
  packet->from.port = (uint16_t)random_word(random);
  struct qp_udp_address address = rig.kernel.states[to].address;
  address.port = (uint16_t)(1 + random_below(random, 0xffff));
  rig_move(to, address);
  rig_set_sender(&packet->from, from);
  if (looks_unfinished(packet))
    passes_packet(packet);
  else
    duration_ns = forwards(packet, from, to).duration_ns;
  rig_remove_sender(&packet->from);
  return duration_ns;
}

static void forwards_at_random(void)
{
  static const enum person targets[2][2] = { { BOB4, CAROL4 }, { BOB6, CAROL6 } };
  static uint32_t durations_ns[ROUNDS];
  struct random random = { 1 };
  uint8_t payload[MAX_PAYLOAD_BYTES + 1], *cids = random_cids(&random);
  rig_reset();
  for (uint32_t i = 0; i < 4; i++)
    qp_kernel_set_routes(&rig.kernel, cids + (size_t)ROUTES / 4 * i * CID_BYTES, ROUTES / 4, targets[i / 2][i % 2]);
  CHECK(rig.kernel.refused_routes == 0);
  for (uint32_t i = 0; i < ROUNDS; i++) {
    uint32_t route = random_below(&random, ROUTES), quarter = route / (ROUTES / 4);
    enum person from = quarter < 2 ? ALICE4 : ALICE6;
    struct packet packet = random_packet(&random, from, payload, cids + (size_t)route * CID_BYTES);
    durations_ns[i] = send_between_ports(&packet, &random, from, targets[quarter / 2][quarter % 2]);
  }
  free(cids);
  qsort(durations_ns, ROUNDS, sizeof durations_ns[0], compare_words);
  printf(": %u ns in the median", durations_ns[ROUNDS / 2]);
}

static uint32_t checksum_at(const struct packet *packet)
{
  return udp_at(packet) + 6;
}

/** Sets two bytes such that the UDP checksum of `packet` becomes `wanted`. */
static void make_checksum(const struct packet *packet, uint8_t *last_word, uint16_t wanted)
{
  put_word(last_word, 0);
  struct frame frame = frame_of(packet);
  put_word(last_word, (uint16_t)~checksum_of(frame.bytes + checksum_at(packet), 2, 0xffffu - wanted));
  frame = frame_of(packet);
  CHECK(word_at(frame.bytes + checksum_at(packet)) == wanted);
}

static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE4, CAROL4 }, { ALICE6, BOB6 }, { ALICE6, CAROL6 } };

/** Calls `show` for each pair, with a payload that it may change. */
static void for_each_pair(void (*show)(enum person from, enum person to, struct packet packet, uint8_t *payload))
{
  rig_reset();
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    uint8_t payload[PAYLOAD_BYTES];
    struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    memcpy(payload, packet.payload, sizeof payload);
    packet.payload = payload;
    show(pairs[i][0], pairs[i][1], packet, payload);
  }
}

static void show_ones(enum person from, enum person to, struct packet packet, uint8_t *payload)
{
  const struct packet after = packet_after(&packet, to);
  make_checksum(&packet, payload + PAYLOAD_BYTES - 2, 0xffff);
  forwards(&packet, from, to);
  make_checksum(&after, payload + PAYLOAD_BYTES - 2, 0xffff);
  forwards(&packet, from, to);
}

static void show_unfinished(enum person from, enum person to, struct packet packet, uint8_t *payload)
{
  (void)from, (void)to;
  struct packet unregistered = packet;
  packet.is_unfinished = unregistered.is_unfinished = true;
  for (packet.payload_bytes = 1 + CID_BYTES; packet.payload_bytes <= PAYLOAD_BYTES; packet.payload_bytes++)
    passes_packet(&packet);
  unregistered.from.port ^= 0xffff;
  passes_packet(&unregistered);
  memset(payload + 1 + CID_BYTES, 0, PAYLOAD_BYTES - 1 - CID_BYTES);
  packet.payload_bytes = PAYLOAD_BYTES;
  passes_packet(&packet);
}

static void show_alike(enum person from, enum person to, struct packet packet, uint8_t *payload)
{
  struct packet unfinished = packet;
  unfinished.is_unfinished = true;
  const struct frame frame = frame_of(&unfinished);
  const uint16_t alike = (uint16_t)word_at(frame.bytes + checksum_at(&packet));
  make_checksum(&packet, payload + PAYLOAD_BYTES - 2, alike);
  passes_packet(&packet);
  for (int i = -1; i <= 1; i += 2) {
    make_checksum(&packet, payload + PAYLOAD_BYTES - 2, (uint16_t)(alike + i));
    forwards(&packet, from, to);
  }
}

static void writes_zero_as_ones(void)
{
  for_each_pair(show_ones);
}

static void passes_unfinished_ones(void)
{
  for_each_pair(show_unfinished);
}

static void passes_those_that_look_unfinished(void)
{
  for_each_pair(show_alike);
}

static void keeps_none_where_there_is_none(void)
{
  struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  packet.has_no_checksum = true;
  forwards(&packet, ALICE4, BOB4);
}

/** A router that repaired the checksum would vouch for bytes that it never checked. */
static void keeps_wrong_ones_wrong(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4), after = packet_after(&packet, BOB4);
  const uint32_t at = udp_at(&packet) + 6;
  struct frame in = frame_of(&packet), out = frame_of(&after);
  rig_reset();
  put_word(in.bytes + at, word_at(in.bytes + at) ^ 0x0100);
  const struct outcome outcome = run(&in);
  CHECK(outcome.verdict == XDP_TX && !same_frame(&outcome.frame, &out));
  memcpy(out.bytes + at, outcome.frame.bytes + at, 2);
  CHECK(same_frame(&outcome.frame, &out));
}

static const struct test tests[] = {
  { "leaves every byte right in 20 000 random packets to 100 000 connection IDs", forwards_at_random },
  { "writes a UDP checksum of zero as all ones, and takes one", writes_zero_as_ones },
  { "leaves a UDP checksum out where IPv4 left it out", keeps_none_where_there_is_none },
  { "does not make a wrong UDP checksum right", keeps_wrong_ones_wrong },
  { "passes up a UDP checksum that hardware was to finish, of any length and from anybody", passes_unfinished_ones },
  { "passes up one that looks so by chance, and none that differs", passes_those_that_look_unfinished },
};

const struct suite checksums_suite = SUITE("checksums", tests);
