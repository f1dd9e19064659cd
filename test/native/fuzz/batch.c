#include "batch.h"

#include "../harness/check.h"

static const uint16_t sizes[] = { 64, 13, 20, 24, 1200, 1472, 40, 27, 1, 9000, 21000 };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void write_cid(uint8_t *data, uint32_t length, uint32_t at, const uint8_t *cid, uint8_t bytes)
{
  for (uint32_t i = 0; i < bytes && at + i < length; i++)
    data[at + i] = cid[i];
}

static void write_short(uint8_t *data, uint32_t length, struct input *input)
{
  data[0] = 0x40;
  write_cid(data, length, QP_SHORT_DCID_AT, world_cid(next_below(input, CIDS)), QP_CID_BYTES);
}

/** Writes a long header to a connection ID or an initial DCID, with the source of a peer or a browser, or with an empty
 * one. */
static void write_long(uint8_t *data, uint32_t length, struct input *input)
{
  unsigned choice = next_byte(input);
  uint8_t bytes = QP_CID_BYTES;
  const uint8_t *destination = choice & 1 ? world_cid(choice / 4 % CIDS) : world_initial(choice / 4 % INITIALS, &bytes);
  uint8_t source_bytes = choice & 2 ? QP_CID_BYTES : 0;
  data[0] = choice & 32 ? 0xe0 : 0xc0;
  write_cid(data, length, 4, (const uint8_t[]){ choice >> 6 & 1 }, 1);
  write_cid(data, length, QP_LONG_DCID_AT - 1, &bytes, 1);
  write_cid(data, length, QP_LONG_DCID_AT, destination, bytes);
  write_cid(data, length, QP_LONG_DCID_AT + bytes, &source_bytes, 1);
  write_cid(data, length, QP_LONG_DCID_AT + bytes + 1, world_cid(choice / 64 % CIDS), source_bytes);
}

static void write_stun(uint8_t *data, uint32_t length)
{
  const uint8_t header[8] = { 0, 1, (uint8_t)((length - 20) >> 8), (uint8_t)(length - 20), 0x21, 0x12, 0xa4, 0x42 };
  write_cid(data, length, 0, header, sizeof header);
}

static void write_datagram(uint8_t *data, uint32_t length, struct input *input)
{
  unsigned kind = next_byte(input);
  if (kind % 8 < 3)
    write_short(data, length, input);
  else if (kind % 8 < 5)
    write_long(data, length, input);
  else if (kind % 8 == 5)
    write_stun(data, length);
  else if (kind % 8 == 6)
    for (uint32_t i = 0; i < length && i < 40; i++)
      data[i] = next_byte(input);
  if (kind & 128)
    data[next_byte(input) % length] ^= next_byte(input);
}

/** Chooses the length and segment size of a message, and allocates exactly that length. */
static void make_message(struct batch *batch, unsigned i, struct input *input)
{
  struct qp_received *received = &batch->received[i];
  uint32_t segment_bytes = sizes[next_below(input, SIZES)];
  uint32_t segments = 1 + next_below(input, MAX_SEGMENTS);
  uint32_t short_by = next_below(input, 8) == 0 ? next_byte(input) : 0;
  uint32_t length = segments * segment_bytes;
  length = length > 65507 ? 65507 / segment_bytes * segment_bytes : length;
  length = short_by <= length ? length - short_by : length;
  *received = (struct qp_received){
    .data = calloc(1, length > 0 ? length : 1),
    .length = length,
    .segment_bytes = segment_bytes < length ? segment_bytes : length,
    .ecn = (uint8_t)next_below(input, 4),
  };
  CHECK(received->data != NULL);
}

static struct datagram *note(struct batch *batch, unsigned message, uint32_t at)
{
  const struct qp_received *received = &batch->received[message];
  uint32_t left = received->length - at;
  struct datagram *datagram = &batch->datagrams[batch->count++];
  *datagram = (struct datagram){
    .data = received->data + at,
    .length = left < received->segment_bytes ? left : received->segment_bytes,
    .source = batch->sources[message],
    .ecn = received->ecn,
  };
  return datagram;
}

void batch_from_public(struct batch *batch, struct world *world, struct input *input)
{
  batch->count = 0;
  batch->messages = 1 + next_below(input, QP_INBOX_MESSAGES);
  for (unsigned i = 0; i < batch->messages; i++) {
    struct qp_received *received = &batch->received[i];
    make_message(batch, i, input);
    batch->sources[i] = (int)next_below(input, SOURCES);
    received->source = world_address(world, batch->sources[i]);
    uint32_t at = 0;
    do {
      struct datagram *datagram = note(batch, i, at);
      if (datagram->length > 0)
        write_datagram(received->data + at, datagram->length, input);
      datagram->verdict = world_expect(world, datagram->source, datagram->data, datagram->length);
      at += datagram->length;
    } while (at < received->length);
  }
}

/** Writes an answer of a gateway: a long header with its own connection ID, or a short header. */
static void write_answer(uint8_t *data, uint32_t length, struct input *input)
{
  unsigned choice = next_byte(input);
  const uint8_t bytes[2] = { 0, QP_CID_BYTES };
  data[0] = 0x40;
  if (choice % 4 > 1)
    return;
  data[0] = (uint8_t)(0xc0 | (choice >> 4 & 3) << 4);
  write_cid(data, length, 4, (const uint8_t[]){ choice % 4 == 0 }, 1);
  write_cid(data, length, 5, bytes, 2);
  write_cid(data, length, 7, world_cid(choice / 4 % CIDS), QP_CID_BYTES);
}

void batch_from_upstream(struct batch *batch, struct world *world, struct input *input)
{
  batch->count = 0;
  batch->messages = 1 + next_below(input, QP_INBOX_MESSAGES);
  for (unsigned i = 0; i < batch->messages; i++) {
    struct qp_received *received = &batch->received[i];
    make_message(batch, i, input);
    int client = batch->sources[i] = (int)next_below(input, SOURCES);
    bool is_gateway = world->has_gateway && next_below(input, 8) != 7;
    received->source = is_gateway ? world->rig->tables.upstream : world_address(world, client);
    received->local = qp_mapped_ip(world_virtual(world, client));
    bool has_client = is_gateway && world->clients[client].is_known;
    uint32_t at = 0;
    do {
      struct datagram *datagram = note(batch, i, at);
      if (datagram->length > 0 && at == 0)
        write_answer(received->data, datagram->length, input);
      if (has_client)
        client_is_answered(&world->clients[client], datagram->data, datagram->length);
      datagram->verdict = (struct verdict){
        .fate = has_client ? FATE_RELAY : FATE_DROP,
        .reason = QP_GATEWAY_STRAY,
        .home = client,
      };
      at += datagram->length;
    } while (at < received->length);
  }
}

void batch_free(struct batch *batch)
{
  for (unsigned i = 0; i < batch->messages; i++)
    free(batch->received[i].data);
}

struct datagram *batch_find(struct batch *batch, const uint8_t *data)
{
  /* Each message has its own memory, so no two datagrams begin at the same address. */
  for (unsigned i = 0; i < batch->count; i++)
    if (batch->datagrams[i].data == data)
      return &batch->datagrams[i];
  CHECK(!"this left, but was not received");
  return NULL;
}
