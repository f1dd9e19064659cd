#include "packet.h"

#include <string.h>

#include "../native/harness/check.h"

uint32_t word_at(const uint8_t *at)
{
  return (uint32_t)at[0] << 8 | at[1];
}

void put_word(uint8_t *at, uint32_t word)
{
  at[0] = (uint8_t)(word >> 8);
  at[1] = (uint8_t)word;
}

static uint32_t sum_of(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
  for (uint32_t i = 0; i < length; i++)
    sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
  return sum;
}

uint16_t checksum_of(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
  sum = sum_of(bytes, length, sum);
  while (sum > 0xffff)
    sum = sum % 0x10000 + sum / 0x10000;
  return (uint16_t)(0xffff - sum);
}

uint32_t udp_at(const struct packet *packet)
{
  return ETHERNET_BYTES + (packet->is_ipv6 ? IPV6_BYTES : IPV4_BYTES);
}

void seal_ipv4(struct frame *frame)
{
  uint8_t *ip = frame->bytes + ETHERNET_BYTES;
  put_word(ip + 10, 0);
  put_word(ip + 10, checksum_of(ip, (ip[0] & 15u) * 4, 0));
}

/** RFC 791 section 3.1. */
static void put_ipv4(struct frame *frame, const struct packet *packet)
{
  uint8_t *ip = frame->bytes + ETHERNET_BYTES;
  put_word(frame->bytes + 12, 0x0800);
  ip[0] = 0x45;
  ip[1] = packet->tos;
  put_word(ip + 2, IPV4_BYTES + UDP_BYTES + packet->payload_bytes);
  put_word(ip + 4, packet->id);
  put_word(ip + 6, packet->fragment);
  ip[8] = packet->ttl;
  ip[9] = 17;
  memcpy(ip + 12, packet->from.ip.bytes + 12, 4);
  memcpy(ip + 16, packet->to.ip.bytes + 12, 4);
  seal_ipv4(frame);
}

/** RFC 8200 section 3. */
static void put_ipv6(struct frame *frame, const struct packet *packet)
{
  uint8_t *ip = frame->bytes + ETHERNET_BYTES;
  put_word(frame->bytes + 12, 0x86dd);
  put_word(ip, 6u << 12 | (uint32_t)packet->tos << 4 | packet->flow_label >> 16);
  put_word(ip + 2, packet->flow_label & 0xffff);
  put_word(ip + 4, UDP_BYTES + packet->payload_bytes);
  ip[6] = 17;
  ip[7] = packet->ttl;
  memcpy(ip + 8, packet->from.ip.bytes, 16);
  memcpy(ip + 24, packet->to.ip.bytes, 16);
}

/**
 * RFC 768. The sum of RFC 8200 section 8.1 is the same, as the zeros between the words of its pseudo-header add
 * nothing.
 */
static void put_udp(struct frame *frame, const struct packet *packet)
{
  uint8_t *udp = frame->bytes + udp_at(packet);
  uint32_t length = UDP_BYTES + packet->payload_bytes;
  memcpy(udp, &packet->from.port, 2);
  memcpy(udp + 2, &packet->to.port, 2);
  put_word(udp + 4, length);
  memcpy(udp + UDP_BYTES, packet->payload, packet->payload_bytes);
  if (packet->has_no_checksum)
    return;
  uint32_t ip_bytes = packet->is_ipv6 ? 16 : 4, at = 16 - ip_bytes;
  uint32_t sum = sum_of(packet->from.ip.bytes + at, ip_bytes, 17 + length);
  sum = sum_of(packet->to.ip.bytes + at, ip_bytes, sum);
  uint16_t checksum = checksum_of(udp, length, sum), unfinished = (uint16_t)~checksum_of(NULL, 0, sum);
  put_word(udp + 6, packet->is_unfinished ? unfinished : checksum == 0 ? 0xffff : checksum);
}

struct frame frame_of(const struct packet *packet)
{
  struct frame frame = { .length = udp_at(packet) + UDP_BYTES + packet->payload_bytes };
  CHECK(frame.length <= MAX_FRAME_BYTES);
  memcpy(frame.bytes, packet->to_mac, 6);
  memcpy(frame.bytes + 6, packet->from_mac, 6);
  if (packet->is_ipv6)
    put_ipv6(&frame, packet);
  else
    put_ipv4(&frame, packet);
  put_udp(&frame, packet);
  return frame;
}

bool same_frame(const struct frame *one, const struct frame *other)
{
  return one->length == other->length && memcmp(one->bytes, other->bytes, one->length) == 0;
}

void insert_bytes(struct frame *frame, uint32_t at, const uint8_t *bytes, uint32_t count)
{
  CHECK(frame->length + count <= MAX_FRAME_BYTES && at <= frame->length);
  memmove(frame->bytes + at + count, frame->bytes + at, frame->length - at);
  memcpy(frame->bytes + at, bytes, count);
  frame->length += count;
}

void fit_lengths(struct frame *frame, const struct packet *packet)
{
  uint32_t from = udp_at(packet);
  if (frame->length < from)
    return;
  if (packet->is_ipv6)
    put_word(frame->bytes + ETHERNET_BYTES + 4, frame->length - from);
  else {
    put_word(frame->bytes + ETHERNET_BYTES + 2, frame->length - ETHERNET_BYTES);
    seal_ipv4(frame);
  }
  if (frame->length >= from + UDP_BYTES)
    put_word(frame->bytes + from + 4, frame->length - from);
}
