/* The packets of test/fixtures/packets.json, which scripts/xdp-tests.ts writes as C. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vector {
  const char *name;
  const uint8_t *payload;
  uint32_t payload_bytes;
  /** Whether it is for a registered connection ID. Initial routes are handled in user space. */
  bool is_forwarded;
};

extern const struct vector vectors[];
extern const size_t vector_count;

/** The registered connection IDs, adjacent. */
extern const uint8_t vector_cids[];
extern const uint32_t vector_cid_count;

#endif
