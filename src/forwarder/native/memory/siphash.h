/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) over whole 64-bit words. The key keeps outsiders, who choose the input,
 * from constructing collisions. One round per word and three at the end are enough for hash tables, which need an
 * unpredictable hash but no signature. Signatures are SipHash-2-4 with 128 bits.
 */
#ifndef QP_SIPHASH_H
#define QP_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct qp_hash_key {
  uint64_t k0, k1;
};

/** A word of the input, which may be a part of any struct. */
typedef uint64_t __attribute__((__may_alias__)) qp_word;

static inline uint64_t qp_rotate(uint64_t value, int bits)
{
  return value << bits | value >> (64 - bits);
}

static inline void qp_sip_round(uint64_t v[4])
{
  /* clang-format off */
  v[0] += v[1]; v[1] = qp_rotate(v[1], 13); v[1] ^= v[0]; v[0] = qp_rotate(v[0], 32);
  v[2] += v[3]; v[3] = qp_rotate(v[3], 16); v[3] ^= v[2];
  v[0] += v[3]; v[3] = qp_rotate(v[3], 21); v[3] ^= v[0];
  v[2] += v[1]; v[1] = qp_rotate(v[1], 17); v[1] ^= v[2]; v[2] = qp_rotate(v[2], 32);
  /* clang-format on */
}

static inline void qp_sip_rounds(uint64_t v[4], int rounds)
{
  for (int i = 0; i < rounds; i++)
    qp_sip_round(v);
}

static inline uint64_t qp_sip_fold(const uint64_t v[4])
{
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/** Every caller hashes a fixed number of words, so the length in SipHash's last block is that number. */
static inline void qp_sip_absorb(uint64_t v[4], const struct qp_hash_key *key, const qp_word *words, size_t count,
                                 int rounds, uint64_t variant)
{
  v[0] = key->k0 ^ 0x736f6d6570736575;
  v[1] = key->k1 ^ 0x646f72616e646f6d ^ variant;
  v[2] = key->k0 ^ 0x6c7967656e657261;
  v[3] = key->k1 ^ 0x7465646279746573;
  for (size_t i = 0; i <= count; i++) {
    uint64_t word = i < count ? words[i] : (uint64_t)count << 59;
    v[3] ^= word;
    qp_sip_rounds(v, rounds);
    v[0] ^= word;
  }
}

static inline uint64_t qp_siphash(const struct qp_hash_key *key, const qp_word *words, size_t count)
{
  uint64_t v[4];
  qp_sip_absorb(v, key, words, count, 1, 0);
  v[2] ^= 0xff;
  qp_sip_rounds(v, 3);
  return qp_sip_fold(v);
}

/** Computes a 128-bit signature that cannot be forged without the key. */
static inline void qp_siphash_mac(const struct qp_hash_key *key, const qp_word *words, size_t count, uint64_t mac[2])
{
  uint64_t v[4];
  qp_sip_absorb(v, key, words, count, 2, 0xee);
  v[2] ^= 0xee;
  qp_sip_rounds(v, 4);
  mac[0] = qp_sip_fold(v);
  v[1] ^= 0xdd;
  qp_sip_rounds(v, 4);
  mac[1] = qp_sip_fold(v);
}

#endif
