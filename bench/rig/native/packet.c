/* Packets in memory, without I/O. See packet.h. */
#include "packet.h"

#include <string.h>

uint64_t qp_mix(uint64_t value)
{
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/* Returns the body byte at `at` of the packet with this sequence number. */
static uint8_t body_byte(uint64_t sequence, size_t at)
{
  return (uint8_t)qp_mix(sequence * qp_packet_bytes + at);
}

void qp_packet_address(uint8_t *packet, const uint8_t *cid)
{
  packet[0] = 0x40;
  memcpy(packet + qp_cid_at, cid, qp_cid_bytes);
}

void qp_packet_seal(uint8_t *packet, uint64_t sequence)
{
  memcpy(packet + qp_sequence_at, &sequence, sizeof sequence);
  for (size_t at = qp_body_at; at < qp_packet_bytes; at++)
    packet[at] = body_byte(sequence, at);
}

bool qp_packet_open(const uint8_t *packet, size_t bytes, uint64_t *sequence)
{
  if (bytes != qp_packet_bytes || packet[0] != 0x40)
    return false;
  memcpy(sequence, packet + qp_sequence_at, sizeof *sequence);
  for (size_t at = qp_body_at; at < qp_packet_bytes; at++)
    if (packet[at] != body_byte(*sequence, at))
      return false;
  return true;
}
