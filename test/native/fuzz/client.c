#include "client.h"

#include <string.h>

static bool is_long(const uint8_t *data)
{
  return data[0] & 0x80;
}

bool may_bring_client(const uint8_t *data, size_t length)
{
  return length >= (is_long(data) ? 1200 : 21);
}

bool begins_connection(const uint8_t *data, size_t length)
{
  return may_bring_client(data, length) && is_long(data);
}

int client_use(const struct client *client, const uint8_t *data, size_t length)
{
  for (int i = 0; i < client->uses && length > 8 && !is_long(data); i++)
    if (memcmp(client->used[i], data + 1, 8) == 0)
      return i;
  return -1;
}

void client_notes(struct client *client, const uint8_t *data, size_t length)
{
  if (length <= 8 || is_long(data))
    return;
  int at = client_use(client, data, length);
  int gap = at >= 0 ? at : client->uses == 4 ? 0 : client->uses++;
  int last = client->uses - 1;
  memmove(client->used[gap], client->used[gap + 1], 8 * (size_t)(last - gap));
  memcpy(client->used[last], data + 1, 8);
}

struct client client_of(const uint8_t *data, unsigned arrival)
{
  return (struct client){
    .is_known = true,
    .arrival = arrival,
    .connection = arrival,
    .is_moving = !is_long(data),
    .id_bytes = -1,
  };
}

/** Returns the offset of the source connection ID's length in a complete long header, or 0. */
static size_t source_at(const uint8_t *data, size_t length)
{
  if (length < 7 || 6u + data[5] >= length)
    return 0;
  size_t at = 6u + data[5];
  return at + 1 + data[at] <= length ? at : 0;
}

static bool has_version(const uint8_t *data, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
  return data[1] == a && data[2] == b && data[3] == c && data[4] == d;
}

/** Returns the type of a complete long header: 'I', 'R' or 'o' (other) in known versions, '?' in others. */
static char kind_of(const uint8_t *data)
{
  uint8_t bits = data[0] & 0x30;
  if (has_version(data, 0, 0, 0, 1))
    return bits == 0x00 ? 'I' : bits == 0x30 ? 'R' : 'o';
  if (has_version(data, 0x6b, 0x33, 0x43, 0xcf))
    return bits == 0x10 ? 'I' : bits == 0x00 ? 'R' : 'o';
  return '?';
}

static bool is_to(const struct client *client, const uint8_t *data, size_t length)
{
  size_t at = is_long(data) ? 6 : 1, bytes = (size_t)client->id_bytes;
  if (is_long(data) && (source_at(data, length) == 0 || kind_of(data) != 'o' || data[5] != bytes))
    return false;
  return at + bytes <= length && memcmp(data + at, client->id, bytes) == 0;
}

/** Reads a number of 1, 2, 4 or 8 bytes at `*at`. A missing number counts as infinite. */
static uint64_t number_at(const uint8_t *data, size_t length, size_t *at)
{
  size_t bytes = *at < length ? (size_t)1 << (data[*at] >> 6) : 1;
  uint64_t number = 0;
  if (*at >= length || bytes > length - *at)
    return UINT64_MAX;
  for (size_t i = 0; i < bytes; i++)
    number = number * 256 + (i == 0 ? data[*at] & 0x3f : data[*at + i]);
  *at += bytes;
  return number;
}

/** Returns the length of the long header packet in front, or of the whole datagram. */
static size_t front_bytes(const uint8_t *data, size_t length)
{
  size_t at = is_long(data) ? source_at(data, length) : 0;
  if (at == 0 || kind_of(data) == '?' || kind_of(data) == 'R')
    return length;
  at += 1u + data[at];
  uint64_t token = kind_of(data) == 'I' ? number_at(data, length, &at) : 0;
  if (token > length || at + token > length)
    return length;
  at += token;
  uint64_t rest = number_at(data, length, &at);
  return rest < 20 || rest > length - at ? length : at + rest;
}

static bool is_answer(const struct client *client, const uint8_t *data, size_t length)
{
  for (int packets = 4; packets > 0 && length > 0; packets--) {
    if (is_to(client, data, length))
      return true;
    size_t front = front_bytes(data, length);
    data += front;
    length -= front;
  }
  return false;
}

void client_sends(struct client *client, const uint8_t *data, size_t length)
{
  client->bytes_in += length;
  if (client->id_bytes >= 0)
    client->has_answered |= is_answer(client, data, length);
  else
    client->has_answered |= client->is_moving && !is_long(data) && client->bytes_out > 3 * client->bytes_in + 12000;
}

void client_is_answered(struct client *client, const uint8_t *data, size_t length)
{
  client->is_answered |= length > 0 && (!client->has_answered || !is_long(data));
  if (length == 0 || client->has_answered)
    return;
  size_t at = is_long(data) ? source_at(data, length) : 0;
  if (at == 0) {
    client->bytes_out += length;
  } else if (!has_version(data, 0, 0, 0, 0) && kind_of(data) != 'R' && data[at] <= 20) {
    client->id_bytes = data[at];
    memcpy(client->id, data + at + 1, data[at]);
  }
}
