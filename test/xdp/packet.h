/*
 * Packets as descriptions, and their frames: written from the RFCs, without any code of the program under test, and
 * with every checksum computed from scratch.
 */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "../../bpf/abi.h"

enum {
  MAX_FRAME_BYTES = 2048,
  ETHERNET_BYTES = 14,
  IPV4_BYTES = 20,
  IPV6_BYTES = 40,
  UDP_BYTES = 8,
  DONT_FRAGMENT = 0x4000,
};

struct packet {
  bool is_ipv6;
  uint8_t to_mac[6], from_mac[6];
  /** TOS or traffic class, ECN included; TTL or hop limit. */
  uint8_t tos, ttl;
  /** IPv4 only: identification, and flags with fragment offset. */
  uint16_t id, fragment;
  uint32_t flow_label;
  struct qp_udp_address from, to;
  /** Whether the UDP checksum is omitted (IPv4). */
  bool has_no_checksum;
  /** Whether the checksum covers only the pseudo-header, as a sender leaves it to hardware. */
  bool is_unfinished;
  const uint8_t *payload;
  uint32_t payload_bytes;
};

struct frame {
  uint8_t bytes[MAX_FRAME_BYTES];
  uint32_t length;
};

struct frame frame_of(const struct packet *packet);
bool same_frame(const struct frame *one, const struct frame *other);

/** Returns the Internet checksum (RFC 1071) of bytes preceded by data with the sum `sum`, in host order. */
uint16_t checksum_of(const uint8_t *bytes, uint32_t length, uint32_t sum);
void put_word(uint8_t *at, uint32_t word);
uint32_t word_at(const uint8_t *at);

/** Inserts `count` bytes at `at`. */
void insert_bytes(struct frame *frame, uint32_t at, const uint8_t *bytes, uint32_t count);
/** Recomputes the checksum of the IPv4 header after a change. */
void seal_ipv4(struct frame *frame);
/** Returns the offset of the UDP header in a frame without options or extension headers. */
uint32_t udp_at(const struct packet *packet);
/** Sets the length fields to the actual end of the frame. */
void fit_lengths(struct frame *frame, const struct packet *packet);

#endif
