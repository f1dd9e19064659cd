/*
 * Packets as a description, and the frames that they make: written from the RFCs, without anything of the program
 * under test, and with every checksum summed up anew.
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
  /** IPv4 alone: identification, and flags with fragment offset. */
  uint16_t id, fragment;
  uint32_t flow_label;
  struct qp_source from, to;
  /** UDP's, which IPv4 may leave out. */
  bool has_no_checksum;
  /** Its checksum is the sum of the pseudo-header, as a sender leaves it to hardware. */
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

/** The Internet checksum (RFC 1071) of bytes that have `sum` before them, in host order. */
uint16_t checksum_of(const uint8_t *bytes, uint32_t length, uint32_t sum);
void put_word(uint8_t *at, uint32_t word);
uint32_t word_at(const uint8_t *at);

/** Makes room for `count` bytes at `at` and puts them there. */
void insert_bytes(struct frame *frame, uint32_t at, const uint8_t *bytes, uint32_t count);
/** Sums up the IPv4 header again, after a change in it. */
void seal_ipv4(struct frame *frame);
/** Where the UDP header begins in a frame without options or extension headers. */
uint32_t udp_at(const struct packet *packet);
/** Makes the length fields say that the frame ends where it ends. */
void fit_lengths(struct frame *frame, const struct packet *packet);

#endif
