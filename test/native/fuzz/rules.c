#include "rules.h"

static const struct offsets nothing = { SORT_OTHER, -1, -1, 0, -1 };

static bool is_stun(const uint8_t *data, size_t length)
{
  static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };
  if (length < 20 || data[0] >= 4)
    return false;
  for (int i = 0; i < 4; i++)
    if (data[4 + i] != cookie[i])
      return false;
  size_t told = (size_t)data[2] * 256 + data[3];
  return told == length - 20 && told % 4 == 0;
}

/** Reports whether 12 bytes from `at` on lie within the datagram and may be a relayed connection ID. */
static bool may_be_relayed(const uint8_t *data, size_t length, size_t at)
{
  return at + 12 <= length && (data[at] & 0x80) == 0;
}

static struct offsets offsets_in_long(const uint8_t *data, size_t length)
{
  struct offsets offsets = nothing;
  if (length < 6)
    return offsets;
  size_t destination_bytes = data[5];
  size_t source_length_at = 6 + destination_bytes;
  if (source_length_at >= length)
    return offsets;
  offsets.sort = SORT_QUIC;
  if (destination_bytes == 12 && may_be_relayed(data, length, 6))
    offsets.destination = 6;
  if (destination_bytes >= 8 && destination_bytes <= 20) {
    offsets.initial = 6;
    offsets.initial_bytes = (int)destination_bytes;
  }
  if (data[source_length_at] == 12 && may_be_relayed(data, length, source_length_at + 1))
    offsets.source = (int)source_length_at + 1;
  return offsets;
}

struct offsets offsets_in(const uint8_t *data, size_t length)
{
  struct offsets offsets = nothing;
  if (length == 0)
    offsets.sort = SORT_EMPTY;
  else if (data[0] & 0x80)
    offsets = offsets_in_long(data, length);
  else if (is_stun(data, length))
    offsets.sort = SORT_STUN;
  else if (may_be_relayed(data, length, 1)) {
    offsets.sort = SORT_QUIC;
    offsets.destination = 1;
  }
  return offsets;
}
