/*
 * The benchmark's packets: QUIC short headers as peers send them, 1200 bytes each. Used by the load, which
 * writes them, the sink, which checks them, and the control, which reads the destination out of them.
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
  /* The port of the packet's destination: the last two bytes of the connection ID, in network order. */
  qp_port_at = qp_cid_at + qp_cid_bytes - 2,
  qp_sequence_at = qp_cid_at + qp_cid_bytes,
  qp_body_at = qp_sequence_at + 8,
};

/* Well mixed 64 bits of a number (SplitMix64's finalizer). */
uint64_t qp_mix(uint64_t value);

/* Writes the first byte and the connection ID, and leaves the rest as it is. */
void qp_packet_address(uint8_t *packet, const uint8_t *cid);

/* Writes all that follows the connection ID: a sequence number, and a body that depends on it. */
void qp_packet_seal(uint8_t *packet, uint64_t sequence);

/* Reads the sequence number of a sealed packet; false if any byte behind it is not what was sealed. */
bool qp_packet_open(const uint8_t *packet, size_t bytes, uint64_t *sequence);

#endif
