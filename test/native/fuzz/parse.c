/* Fuzzes bpf/parse.h: its results must match the plain rules and lie within the datagram. */
#include <string.h>

#include "../../../bpf/parse.h"
#include "../harness/check.h"
#include "rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void check_offset(const uint8_t *data, size_t length, const uint8_t *found, size_t bytes, int expected)
{
  CHECK((found != NULL) == (expected >= 0));
  if (!found)
    return;
  CHECK(found == data + expected);
  CHECK((size_t)expected + bytes <= length);
}

static enum sort sort_of(enum qp_kind kind)
{
  static const enum sort sorts[] = {
    [QP_KIND_EMPTY] = SORT_EMPTY,
    [QP_KIND_STUN] = SORT_STUN,
    [QP_KIND_QUIC] = SORT_QUIC,
    [QP_KIND_OTHER] = SORT_OTHER,
  };
  return sorts[kind];
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
  /* A copy of exactly this length, so that a read beyond its end is detected. */
  uint8_t *data = malloc(length > 0 ? length : 1);
  CHECK(data != NULL);
  if (length > 0)
    memcpy(data, input, length);
  struct qp_header header = qp_parse(data, data + length);
  struct offsets offsets = offsets_in(data, length);
  CHECK(sort_of(header.kind) == offsets.sort);
  check_offset(data, length, header.destination, 12, offsets.destination);
  check_offset(data, length, header.initial, header.initial_bytes, offsets.initial);
  check_offset(data, length, header.source, 12, offsets.source);
  CHECK(header.initial_bytes == offsets.initial_bytes);
  free(data);
  return 0;
}
