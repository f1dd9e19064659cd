#include "../../../src/forwarder/native/splice/permutation.h"

#include <stdlib.h>

#include "../harness/check.h"
#include "../harness/suite.h"

enum { SIZE = 255 * 256 * 254, PLACES = 200000 };

static const struct qp_permutation_key keys[] = { { 0x03020100, 0x07060504 }, { 0xffffffff, 0x80000000 } };

static void agrees_with_typescript(void)
{
  CHECK(qp_permutation_at(&keys[0], SIZE, 0) == 10822300);
  CHECK(qp_permutation_at(&keys[0], SIZE, 1) == 14058577);
  CHECK(qp_permutation_at(&keys[0], SIZE, 2) == 719354);
  CHECK(qp_permutation_at(&keys[0], SIZE, 3) == 4859670);
  CHECK(qp_permutation_at(&keys[0], SIZE, SIZE - 1) == 3313854);
  CHECK(qp_permutation_at(&keys[1], SIZE, 0) == 11686245);
  CHECK(qp_permutation_at(&keys[1], SIZE, 1) == 6938923);
  CHECK(qp_permutation_at(&keys[1], SIZE, 1000000) == 15198576);
}

static void repeats_none(void)
{
  uint8_t *seen = calloc(SIZE, 1);
  CHECK(seen != NULL);
  for (uint32_t index = 0; index < PLACES; index++) {
    uint32_t number = qp_permutation_at(&keys[0], SIZE, index);
    CHECK(number < SIZE && !seen[number]);
    seen[number] = 1;
  }
  free(seen);
}

static const struct test tests[] = {
  /* test/unit/forwarder/splice/permutation.test.ts has the same vectors. */
  { "has the same order as the one in TypeScript, under either key", agrees_with_typescript },
  { "stays in the range and repeats no number", repeats_none },
};

const struct suite permutation_suite = SUITE("permutation", tests);
