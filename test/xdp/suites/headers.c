#include <string.h>

#include "../suites.h"
#include "../verdict.h"

static void passes_options(void)
{
  static const uint8_t no_operations[4] = { 1, 1, 1, 1 };
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct frame frame = frame_of(&packet);
  rig_reset();
  insert_bytes(&frame, ETHERNET_BYTES + IPV4_BYTES, no_operations, sizeof no_operations);
  frame.bytes[ETHERNET_BYTES] = 0x46;
  put_word(frame.bytes + ETHERNET_BYTES + 2, frame.length - ETHERNET_BYTES);
  seal_ipv4(&frame);
  passes(&frame);
}

static void passes_fragments(void)
{
  struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  for (uint16_t bit = 1; bit != 0; bit = (uint16_t)(bit << 1))
    for (uint16_t other = 0; other <= DONT_FRAGMENT; other += DONT_FRAGMENT) {
      packet.fragment = bit | other;
      if (bit == DONT_FRAGMENT)
        forwards(&packet, ALICE4, BOB4);
      else
        passes_packet(&packet);
    }
}

static void passes_extension_headers(void)
{
  /* Hop-by-hop, routing, fragment, destination options (RFC 8200 section 4), authentication (RFC 4302). */
  static const uint8_t kinds[] = { 0, 43, 44, 60, 51 };
  static const uint8_t header[8] = { 17, 0, 1, 4 };
  const struct packet packet = packet_between(ALICE6, BOB6);
  rig_reset();
  for (size_t i = 0; i < sizeof kinds; i++) {
    struct frame frame = frame_of(&packet);
    insert_bytes(&frame, ETHERNET_BYTES + IPV6_BYTES, header, sizeof header);
    put_word(frame.bytes + ETHERNET_BYTES + 4, packet.payload_bytes + UDP_BYTES + sizeof header);
    frame.bytes[ETHERNET_BYTES + 6] = kinds[i];
    passes(&frame);
  }
}

/** Calls `show` with a packet of each IP version. */
static void over_both(void (*show)(const struct packet *packet))
{
  const struct packet packets[] = { packet_between(ALICE4, BOB4), packet_between(ALICE6, BOB6) };
  rig_reset();
  show(&packets[0]);
  show(&packets[1]);
}

static void pass_tagged(const struct packet *packet)
{
  static const uint8_t tags[][4] = { { 0x81, 0x00, 0, 5 }, { 0x88, 0xa8, 0, 5 } };
  for (int i = 0; i < 2; i++) {
    struct frame frame = frame_of(packet);
    insert_bytes(&frame, 12, tags[i], sizeof tags[i]);
    passes(&frame);
  }
}

static void pass_other_headers(const struct packet *packet)
{
  static const uint8_t protocols[] = { 1, 6, 33, 58, 136, 255 };
  const uint32_t protocol_at = ETHERNET_BYTES + (packet->is_ipv6 ? 6 : 9);
  struct frame frame = frame_of(packet);
  for (size_t i = 0; i < sizeof protocols; i++) {
    frame.bytes[protocol_at] = protocols[i];
    passes(&frame);
  }
  for (uint8_t version = 0; version < 16; version++) {
    frame = frame_of(packet);
    if (version == frame.bytes[ETHERNET_BYTES] >> 4)
      continue;
    frame.bytes[ETHERNET_BYTES] = (uint8_t)(version << 4 | (frame.bytes[ETHERNET_BYTES] & 15));
    passes(&frame);
  }
  frame = frame_of(packet);
  put_word(frame.bytes + 12, 0x0806);
  passes(&frame);
}

static void pass_header_lengths(const struct packet *packet)
{
  for (uint8_t words = 0; words < 16 && !packet->is_ipv6; words++) {
    struct frame frame = frame_of(packet);
    frame.bytes[ETHERNET_BYTES] = 0x40 | words;
    if (words != 5)
      passes(&frame);
  }
}

static void pass_cut(const struct packet *packet)
{
  struct frame frame = frame_of(packet);
  while (--frame.length >= ETHERNET_BYTES)
    passes(&frame);
}

static void pass_padded(const struct packet *packet)
{
  static const uint8_t padding[18] = { 0 };
  for (uint32_t bytes = 1; bytes <= sizeof padding; bytes++) {
    struct frame frame = frame_of(packet);
    insert_bytes(&frame, frame.length, padding, bytes);
    passes(&frame);
  }
}

/** Truncates the packet and its length fields: the connection ID must be complete. */
static void pass_short(const struct packet *packet)
{
  const uint32_t least = udp_at(packet) + UDP_BYTES + 1 + CID_BYTES;
  struct packet shorter = *packet;
  shorter.payload_bytes = 1 + CID_BYTES;
  forwards(&shorter, packet->is_ipv6 ? ALICE6 : ALICE4, packet->is_ipv6 ? BOB6 : BOB4);
  for (uint32_t length = least - 1; length >= ETHERNET_BYTES; length--) {
    struct frame frame = frame_of(packet);
    frame.length = length;
    fit_lengths(&frame, packet);
    passes(&frame);
  }
}

static void pass_wrong_lengths(const struct packet *packet)
{
  const uint32_t offsets[] = { udp_at(packet) + 4, ETHERNET_BYTES + (packet->is_ipv6 ? 4 : 2) };
  for (int i = 0; i < 2; i++)
    for (uint32_t bit = 0; bit < 16; bit++) {
      struct frame frame = frame_of(packet);
      put_word(frame.bytes + offsets[i], word_at(frame.bytes + offsets[i]) ^ 1u << bit);
      passes(&frame);
    }
}

static void pass_at_end_of_life(const struct packet *packet)
{
  struct packet dying = *packet;
  for (dying.ttl = 0; dying.ttl <= 1; dying.ttl++)
    passes_packet(&dying);
  dying.ttl = 2;
  forwards(&dying, packet->is_ipv6 ? ALICE6 : ALICE4, packet->is_ipv6 ? BOB6 : BOB4);
}

static void pass_no_ipv6_checksum(const struct packet *packet)
{
  struct packet bare = *packet;
  bare.has_no_checksum = true;
  if (bare.is_ipv6)
    passes_packet(&bare);
}

static void passes_tags(void)
{
  over_both(pass_tagged);
}

static void passes_other_headers(void)
{
  over_both(pass_other_headers);
  over_both(pass_header_lengths);
}

static void passes_cut_frames(void)
{
  over_both(pass_cut);
}

static void passes_padded_frames(void)
{
  over_both(pass_padded);
}

static void passes_short_datagrams(void)
{
  over_both(pass_short);
}

static void passes_wrong_lengths(void)
{
  over_both(pass_wrong_lengths);
}

static void passes_at_end_of_life(void)
{
  over_both(pass_at_end_of_life);
}

static void passes_no_ipv6_checksum(void)
{
  over_both(pass_no_ipv6_checksum);
}

static const struct test tests[] = {
  { "passes up IPv4 options", passes_options },
  { "passes up fragments, and the reserved bit", passes_fragments },
  { "passes up IPv6 extension headers", passes_extension_headers },
  { "passes up VLAN tags", passes_tags },
  { "passes up other protocols, versions and header lengths", passes_other_headers },
  { "passes up a frame that is cut off, wherever that is", passes_cut_frames },
  { "passes up a padded frame", passes_padded_frames },
  { "passes up a datagram that ends before its connection ID does", passes_short_datagrams },
  { "passes up lengths that are wrong in any bit", passes_wrong_lengths },
  { "passes up a packet whose hop limit would come to zero", passes_at_end_of_life },
  { "passes up IPv6 without a UDP checksum", passes_no_ipv6_checksum },
};

const struct suite headers_suite = SUITE("headers", tests);
