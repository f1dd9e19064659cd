#include "../../../src/forwarder/native/siphash.h"

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

static const struct test tests[] = {
  /* PYTHONHASHSEED=0 python3.11 -c 'print(hash(bytes(range(8))))', and so on. */
  { "hashes 8, 16 and 24 bytes as CPython's SipHash-1-3 does, with a key of zeros", agrees_with_zero_key },
  { "hashes as SipHash with 1 and 3 rounds in place of 2 and 4, with the key of the paper's vectors", agrees_with_key },
};

const struct suite siphash_suite = SUITE("siphash", tests);
