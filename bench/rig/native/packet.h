/*
 * The benchmark's packets: QUIC short headers as peers send them, 1200 bytes each. The load writes them, the sink
 * checks them, and the control reads their destination.
 */
#ifndef QP_BENCH_PACKET_H
#define QP_BENCH_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  qp_packet_bytes = 1200,
  qp_cid_bytes = 12,
  /* RFC 8999 section 5.2: the connection ID follows the first byte. */
  qp_cid_at = 1,
  /* The destination port: the last two bytes of the connection ID, in network byte order. */
  qp_port_at = qp_cid_at + qp_cid_bytes - 2,
  qp_sequence_at = qp_cid_at + qp_cid_bytes,
  qp_body_at = qp_sequence_at + 8,
};

/* Mixes a number into 64 evenly distributed bits (SplitMix64). */
uint64_t qp_mix(uint64_t value);

/* Writes the first byte and the connection ID. Leaves the rest unchanged. */
void qp_packet_address(uint8_t *packet, const uint8_t *cid);

/* Writes everything after the connection ID: a sequence number, and a body that depends on it. */
void qp_packet_seal(uint8_t *packet, uint64_t sequence);

/* Reads the sequence number of a sealed packet. Returns false if its length, first byte or body is wrong. */
bool qp_packet_open(const uint8_t *packet, size_t bytes, uint64_t *sequence);

#endif
