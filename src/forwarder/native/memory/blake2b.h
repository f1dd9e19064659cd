/*
 * BLAKE2b with a key and a short digest (RFC 7693), over short messages: what connection IDs are derived by. The key's
 * block is compressed once for all messages.
 */
#ifndef QP_BLAKE2B_H
#define QP_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

enum { QP_BLAKE2B_KEY_BYTES = 64, QP_BLAKE2B_BLOCK_BYTES = 128, QP_BLAKE2B_DIGEST_BYTES = 64 };

/** The hash after the key's block. */
struct qp_blake2b {
  uint64_t state[8];
  size_t digest_bytes;
};

/** Takes a key of 1 to QP_BLAKE2B_KEY_BYTES, for digests of 1 to QP_BLAKE2B_DIGEST_BYTES. */
struct qp_blake2b qp_blake2b_begin(const uint8_t *key, size_t key_bytes, size_t digest_bytes);
/** Hashes a message of 1 to QP_BLAKE2B_BLOCK_BYTES. */
void qp_blake2b_digest(const struct qp_blake2b *begun, const uint8_t *message, size_t bytes, uint8_t *digest);

#endif
