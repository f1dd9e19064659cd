/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) over whole 64-bit words, keyed: what is hashed here comes from outside,
 * and nobody may choose it so that it collides. One round for each word and three at the end, as hash tables
 * need a hash that cannot be predicted, not a signature.
 */
#ifndef QP_SIPHASH_H
#define QP_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct qp_hash_key {
  uint64_t k0, k1;
};

static inline uint64_t qp_rotate(uint64_t value, int bits)
{
  return value << bits | value >> (64 - bits);
}

static inline void qp_sip_round(uint64_t v[4])
{
  v[0] += v[1]; v[1] = qp_rotate(v[1], 13); v[1] ^= v[0]; v[0] = qp_rotate(v[0], 32);
  v[2] += v[3]; v[3] = qp_rotate(v[3], 16); v[3] ^= v[2];
  v[0] += v[3]; v[3] = qp_rotate(v[3], 21); v[3] ^= v[0];
  v[2] += v[1]; v[1] = qp_rotate(v[1], 17); v[1] ^= v[2]; v[2] = qp_rotate(v[2], 32);
}

/** Every caller hashes words of one fixed count, so the length that SipHash puts into its last block is that count. */
static inline uint64_t qp_siphash(const struct qp_hash_key *key, const uint64_t *words, size_t count)
{
  uint64_t v[4] = {
    key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
    key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573,
  };
  for (size_t i = 0; i <= count; i++) {
    uint64_t word = i < count ? words[i] : (uint64_t)count << 59;
    v[3] ^= word;
    qp_sip_round(v);
    v[0] ^= word;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++)
    qp_sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
