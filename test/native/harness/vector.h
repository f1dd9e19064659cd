/* Payloads with the verdicts of the rules in TypeScript, which scripts/native-tests/vectors.ts writes as C. */
#ifndef VECTOR_H
#define VECTOR_H

#include "../../../src/forwarder/native/packets/demux.h"

struct vector {
  const char *name;
  /** Exactly as long as it says, so that a read beyond it is seen. */
  const uint8_t *payload;
  size_t payload_bytes;
  enum qp_verdict verdict;
  /** The session that the connection ID leads to, for QP_VERDICT_SESSION. */
  uint32_t session;
};

struct vector_id {
  const uint8_t *bytes;
  size_t length;
};

extern const struct vector vectors[];
extern const size_t vector_count;

/** The registered connection IDs; each leads to the session of its index. */
extern const struct vector_id vector_cids[];
extern const size_t vector_cid_count;

/** The initial DCIDs that have a route. */
extern const struct vector_id vector_initials[];
extern const size_t vector_initial_count;

#endif
