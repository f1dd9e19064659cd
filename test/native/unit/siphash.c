#include "../../../src/forwarder/native/memory/siphash.h"

#include <string.h>

#include "../harness/check.h"
#include "../harness/suite.h"

static uint64_t hash_of(const struct qp_hash_key *key, size_t count)
{
  uint8_t bytes[24];
  uint64_t words[3];
  for (uint8_t i = 0; i < sizeof bytes; i++)
    bytes[i] = i;
  memcpy(words, bytes, sizeof words);
  return qp_siphash(key, words, count);
}

static void agrees_with_zero_key(void)
{
  const struct qp_hash_key key = { 0, 0 };
  CHECK(hash_of(&key, 1) == 0xead411e67ebe2eea);
  CHECK(hash_of(&key, 2) == 0x8972188433a5c5b7);
  CHECK(hash_of(&key, 3) == 0x31185a47af932f3a);
}

static void agrees_with_key(void)
{
  const struct qp_hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
  CHECK(hash_of(&key, 1) == 0x369095118d299a8e);
  CHECK(hash_of(&key, 2) == 0xcc4fdd1a7d908b66);
  CHECK(hash_of(&key, 3) == 0xf464aeb267349c8c);
}

static void signs_as_openssl_does(void)
{
  const struct qp_hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
  static const uint8_t expected[3][16] = {
    { 0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f, 0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97, 0xb4 },
    { 0x2d, 0xb4, 0x79, 0xae, 0x78, 0xbd, 0x50, 0xd8, 0x88, 0x2a, 0x8a, 0x17, 0x8a, 0x61, 0x32, 0xad },
    { 0xf7, 0xe5, 0xae, 0xf5, 0x49, 0xf7, 0x82, 0xcf, 0x37, 0x90, 0x55, 0xa6, 0x08, 0x26, 0x9b, 0x16 },
  };
  static const size_t counts[3] = { 1, 3, 6 };
  uint8_t bytes[48];
  uint64_t words[6], mac[2];
  for (uint8_t i = 0; i < sizeof bytes; i++)
    bytes[i] = i;
  memcpy(words, bytes, sizeof words);
  for (int i = 0; i < 3; i++) {
    qp_siphash_mac(&key, words, counts[i], mac);
    CHECK(memcmp(mac, expected[i], sizeof mac) == 0);
  }
}

static const struct test tests[] = {
  /* PYTHONHASHSEED=0 python3.11 -c 'print(hash(bytes(range(8))))', and so on. */
  { "hashes 8, 16 and 24 bytes as CPython's SipHash-1-3 does, with a key of zeros", agrees_with_zero_key },
  /* openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:16 -in bytes SIPHASH */
  { "signs 8, 24 and 48 bytes as OpenSSL's SipHash-2-4 with 128 bits does", signs_as_openssl_does },
  { "hashes as SipHash with 1 and 3 rounds in place of 2 and 4, with the key of the paper's vectors", agrees_with_key },
};

const struct suite siphash_suite = SUITE("siphash", tests);
