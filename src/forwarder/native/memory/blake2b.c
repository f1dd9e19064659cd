#include "blake2b.h"

#include <endian.h>
#include <string.h>

/** RFC 7693 §2.6. */
static const uint64_t initial[8] = {
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/** RFC 7693 §2.7. Rounds 10 and 11 are 0 and 1 again. */
static const uint8_t schedule[10][16] = {
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
  { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 }, { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
  { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 }, { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
  { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 }, { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
  { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 }, { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t rotate(uint64_t value, int bits)
{
  return value >> bits | value << (64 - bits);
}

/** RFC 7693 §3.1. */
static void mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y)
{
  v[a] += v[b] + x;
  v[d] = rotate(v[d] ^ v[a], 32);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 24);
  v[a] += v[b] + y;
  v[d] = rotate(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 63);
}

static void mix_round(uint64_t v[16], const uint64_t m[16], const uint8_t s[16])
{
  for (int i = 0; i < 4; i++)
    mix(v, i, 4 + i, 8 + i, 12 + i, m[s[2 * i]], m[s[2 * i + 1]]);
  for (int i = 0; i < 4; i++)
    mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
}

/** RFC 7693 §3.2, of a block that `total` bytes end with. The words of a block are little-endian. */
static void compress(uint64_t state[8], const uint8_t block[QP_BLAKE2B_BLOCK_BYTES], uint64_t total, uint64_t is_last)
{
  uint64_t m[16], v[16];
  for (int i = 0; i < 16; i++) {
    memcpy(&m[i], block + 8 * i, sizeof m[i]);
    m[i] = le64toh(m[i]);
  }
  memcpy(v, state, 8 * sizeof *v);
  memcpy(v + 8, initial, sizeof initial);
  v[12] ^= total;
  v[14] ^= -is_last;
  for (int round = 0; round < 12; round++)
    mix_round(v, m, schedule[round % 10]);
  for (int i = 0; i < 8; i++)
    state[i] ^= v[i] ^ v[i + 8];
}

struct qp_blake2b qp_blake2b_begin(const uint8_t *key, size_t key_bytes, size_t digest_bytes)
{
  struct qp_blake2b begun = { .digest_bytes = digest_bytes };
  uint8_t block[QP_BLAKE2B_BLOCK_BYTES] = { 0 };
  memcpy(block, key, key_bytes);
  memcpy(begun.state, initial, sizeof initial);
  begun.state[0] ^= 0x01010000 ^ key_bytes << 8 ^ digest_bytes;
  compress(begun.state, block, sizeof block, 0);
  return begun;
}

void qp_blake2b_digest(const struct qp_blake2b *begun, const uint8_t *message, size_t bytes, uint8_t *digest)
{
  uint8_t block[QP_BLAKE2B_BLOCK_BYTES] = { 0 };
  uint64_t state[8];
  memcpy(state, begun->state, sizeof state);
  memcpy(block, message, bytes);
  compress(state, block, QP_BLAKE2B_BLOCK_BYTES + bytes, 1);
  for (int i = 0; i < 8; i++)
    state[i] = htole64(state[i]);
  memcpy(digest, state, begun->digest_bytes);
}
