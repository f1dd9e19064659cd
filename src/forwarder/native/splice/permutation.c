#include "permutation.h"

enum {
  /** Half the bits of the network's domain, which has 2^24 numbers. */
  HALF_BITS = 12,
  HALF_MASK = (1 << HALF_BITS) - 1,
  /** Over so small a domain four rounds are not enough (Luby and Rackoff 1988; NIST SP 800-38G has 8 to 10). */
  ROUNDS = 8,
};

static uint32_t rotate(uint32_t value, int bits)
{
  return value << bits | value >> (32 - bits);
}

static void half_sip_rounds(uint32_t v[4], int count)
{
  for (int i = 0; i < count; i++) {
    /* clang-format off */
    v[0] += v[1]; v[1] = rotate(v[1], 5); v[1] ^= v[0]; v[0] = rotate(v[0], 16);
    v[2] += v[3]; v[3] = rotate(v[3], 8); v[3] ^= v[2];
    v[0] += v[3]; v[3] = rotate(v[3], 7); v[3] ^= v[0];
    v[2] += v[1]; v[1] = rotate(v[1], 13); v[1] ^= v[2]; v[2] = rotate(v[2], 16);
    /* clang-format on */
  }
}

/** HalfSipHash-2-4 (Aumasson and Bernstein 2012) of 12 bytes: two words and a word of zeros. */
static uint32_t half_sip_hash(const struct qp_permutation_key *key, uint32_t first, uint32_t second)
{
  const uint32_t words[4] = { first, second, 0, 12u << 24 };
  uint32_t v[4] = { key->k0, key->k1, key->k0 ^ 0x6c796765, key->k1 ^ 0x74656462 };
  for (int i = 0; i < 4; i++) {
    v[3] ^= words[i];
    half_sip_rounds(v, 2);
    v[0] ^= words[i];
  }
  v[2] ^= 0xff;
  half_sip_rounds(v, 4);
  return v[1] ^ v[3];
}

/** A Feistel network. */
static uint32_t shuffle(const struct qp_permutation_key *key, uint32_t number)
{
  uint32_t left = number >> HALF_BITS, right = number & HALF_MASK;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    uint32_t next = left ^ (half_sip_hash(key, round, right) & HALF_MASK);
    left = right;
    right = next;
  }
  return left << HALF_BITS | right;
}

uint32_t qp_permutation_at(const struct qp_permutation_key *key, uint32_t size, uint32_t index)
{
  /* Cycle walking: skips numbers out of range (Black and Rogaway 2002). */
  do
    index = shuffle(key, index);
  while (index >= size);
  return index;
}
