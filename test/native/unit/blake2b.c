#include "../../../src/forwarder/native/memory/blake2b.h"

#include <string.h>

#include "../harness/check.h"
#include "../harness/suite.h"

static void hash(size_t key_bytes, size_t message_bytes, size_t digest_bytes, uint8_t *digest)
{
  uint8_t bytes[QP_BLAKE2B_BLOCK_BYTES];
  for (int i = 0; i < QP_BLAKE2B_BLOCK_BYTES; i++)
    bytes[i] = (uint8_t)i;
  struct qp_blake2b begun = qp_blake2b_begin(bytes, key_bytes, digest_bytes);
  qp_blake2b_digest(&begun, bytes, message_bytes, digest);
}

static void takes_a_short_key(void)
{
  static const uint8_t expected[12] = {
    0xf9, 0x20, 0x79, 0x4f, 0x88, 0x25, 0xf7, 0xfe, 0xaa, 0xf0, 0x9b, 0xff,
  };
  uint8_t digest[12];
  hash(16, 4, sizeof digest, digest);
  CHECK(memcmp(digest, expected, sizeof digest) == 0);
}

static void takes_the_longest_key(void)
{
  static const uint8_t expected[64] = {
    0x96, 0x1f, 0x6d, 0xd1, 0xe4, 0xdd, 0x30, 0xf6, 0x39, 0x01, 0x69, 0x0c, 0x51, 0x2e, 0x78, 0xe4,
    0xb4, 0x5e, 0x47, 0x42, 0xed, 0x19, 0x7c, 0x3c, 0x5e, 0x45, 0xc5, 0x49, 0xfd, 0x25, 0xf2, 0xe4,
    0x18, 0x7b, 0x0b, 0xc9, 0xfe, 0x30, 0x49, 0x2b, 0x16, 0xb0, 0xd0, 0xbc, 0x4e, 0xf9, 0xb0, 0xf3,
    0x4c, 0x70, 0x03, 0xfa, 0xc0, 0x9a, 0x5e, 0xf1, 0x53, 0x2e, 0x69, 0x43, 0x02, 0x34, 0xce, 0xbd,
  };
  uint8_t digest[64];
  hash(64, 1, sizeof digest, digest);
  CHECK(memcmp(digest, expected, sizeof digest) == 0);
}

static void takes_a_whole_block(void)
{
  static const uint8_t expected[32] = {
    0x13, 0x88, 0x93, 0xf1, 0x63, 0x1e, 0xf3, 0x16, 0x56, 0x29, 0x51, 0x5d, 0x6e, 0xd8, 0x00, 0xda,
    0x37, 0x71, 0xb7, 0x92, 0x6d, 0xce, 0xd2, 0x94, 0x20, 0x5c, 0x75, 0x07, 0x35, 0x1d, 0xee, 0xbc,
  };
  uint8_t digest[32];
  hash(32, 128, sizeof digest, digest);
  CHECK(memcmp(digest, expected, sizeof digest) == 0);
}

/* hashlib.blake2b(bytes(range(4)), key=bytes(range(16)), digest_size=12) of Python 3.11, and so on. */
static const struct test tests[] = {
  { "hashes with a short key as Python's hashlib does", takes_a_short_key },
  { "hashes with the longest key", takes_the_longest_key },
  { "hashes a message of a whole block", takes_a_whole_block },
};

const struct suite blake2b_suite = SUITE("blake2b", tests);
