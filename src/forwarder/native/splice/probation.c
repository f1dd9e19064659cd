#include "probation.h"

#include <string.h>

enum {
  MIN_INITIAL_BYTES = 1200,
  /** `unprovenPathBytes` of src/defaults/index.ts. */
  UNPROVEN_PATH_BYTES = 10 * 1200,
  /**
   * The shortest packet with a short header: the first byte, a packet number of at most 4 bytes, and the sample for
   * header protection after it (RFC 9001 section 5.4.2), whatever the length of the connection ID.
   */
  MIN_SHORT_BYTES = 1 + 4 + 16,
  /** Packets examined in a datagram: one of each type that a client coalesces (RFC 9000 section 12.2). */
  MAX_PACKETS = 4,
  /** The sample of 16 bytes begins 4 bytes after the start of the packet number (RFC 9001 section 5.4.2). */
  MIN_PROTECTED_BYTES = 20,
  /** RFC 8999 section 5. */
  VERSION_AT = 1,
  LONG_DCID_AT = 6,
  SHORT_DCID_AT = 1,
};

/** Types of long header packets, as version 1 numbers them (RFC 9000 section 17.2). */
enum long_type { TYPE_INITIAL, TYPE_ZERO_RTT, TYPE_HANDSHAKE, TYPE_RETRY, TYPE_UNKNOWN };

/** The fields of a long header in every version (RFC 8999 section 5.1). */
struct long_header {
  uint32_t version;
  const uint8_t *source;
  uint8_t source_bytes;
  enum long_type type;
  /** Offset of the version-specific part. */
  uint32_t end;
};

static bool is_long(const uint8_t *data)
{
  return data[0] >= 0x80;
}

static enum long_type type_of(uint8_t first, uint32_t version)
{
  uint8_t bits = first >> 4 & 3;
  if (version == 1)
    return bits;
  /* Version 2 starts with Retry (RFC 9369 section 3.2). */
  return version == 0x6b3343cf ? (bits + 3) & 3 : TYPE_UNKNOWN;
}

static bool read_long(const uint8_t *data, uint32_t length, struct long_header *header)
{
  if (length <= LONG_DCID_AT || !is_long(data))
    return false;
  uint32_t source_length_at = LONG_DCID_AT + data[LONG_DCID_AT - 1];
  if (source_length_at >= length || source_length_at + 1 + data[source_length_at] > length)
    return false;
  const uint8_t *version = data + VERSION_AT;
  header->version = (uint32_t)version[0] << 24 | version[1] << 16 | version[2] << 8 | version[3];
  header->source = data + source_length_at + 1;
  header->source_bytes = data[source_length_at];
  header->type = type_of(data[0], header->version);
  header->end = source_length_at + 1 + header->source_bytes;
  return true;
}

enum qp_arrival qp_arrival_of(const uint8_t *data, uint32_t length)
{
  if (is_long(data))
    return length >= MIN_INITIAL_BYTES ? QP_ARRIVAL_BEGINNING : QP_ARRIVAL_NONE;
  return length >= MIN_SHORT_BYTES ? QP_ARRIVAL_MOVING : QP_ARRIVAL_NONE;
}

void qp_probation_begin(struct qp_probation *probation, enum qp_arrival arrival)
{
  probation->is_moving = arrival == QP_ARRIVAL_MOVING;
}

/** Reads a variable-length integer (RFC 9000 section 16) at `*at` and advances `*at`; false if it is truncated. */
static bool read_varint(const uint8_t *data, uint32_t length, uint64_t *at, uint64_t *value)
{
  if (*at >= length)
    return false;
  uint32_t bytes = 1u << (data[*at] >> 6);
  if (*at + bytes > length)
    return false;
  *value = data[(*at)++] & 0x3f;
  while (--bytes > 0)
    *value = *value << 8 | data[(*at)++];
  return true;
}

/**
 * Returns the length of the Initial, 0-RTT or Handshake packet at the front, which another may follow (RFC 9000 section
 * 12.2); 0 if the packet has no length or is truncated.
 */
static uint32_t packet_length(const uint8_t *data, uint32_t length)
{
  struct long_header header;
  uint64_t token_bytes, bytes;
  if (!read_long(data, length, &header) || header.type == TYPE_RETRY || header.type == TYPE_UNKNOWN)
    return 0;
  uint64_t at = header.end;
  if (header.type == TYPE_INITIAL) {
    if (!read_varint(data, length, &at, &token_bytes))
      return 0;
    at += token_bytes;
  }
  if (!read_varint(data, length, &at, &bytes) || bytes < MIN_PROTECTED_BYTES || at + bytes > length)
    return 0;
  return (uint32_t)(at + bytes);
}

/** Reports whether a packet is an Initial, or may be one in an unknown version. */
static bool is_initial(const uint8_t *data, uint32_t length)
{
  struct long_header header;
  if (!is_long(data))
    return false;
  return !read_long(data, length, &header) || header.type == TYPE_UNKNOWN || header.type == TYPE_INITIAL;
}

/** Reports whether the DCID of a packet is the gateway's connection ID. Reads only fields that every version has. */
static bool is_to_gateway(const struct qp_probation *probation, const uint8_t *data, uint32_t length)
{
  uint32_t at = is_long(data) ? LONG_DCID_AT : SHORT_DCID_AT, bytes = probation->gateway_id_bytes;
  if (length < at + bytes || (is_long(data) && data[LONG_DCID_AT - 1] != bytes))
    return false;
  return memcmp(data + at, probation->gateway_id, bytes) == 0;
}

/**
 * Reports whether a packet of the datagram is to the gateway's ID and not an Initial. The Handshake that ends a
 * client's part often follows the Initial that acknowledges the server's.
 */
static bool has_answer(const struct qp_probation *probation, const uint8_t *data, uint32_t length)
{
  for (int i = 0; i < MAX_PACKETS && length > 0; i++) {
    if (!is_initial(data, length) && is_to_gateway(probation, data, length))
      return true;
    uint32_t bytes = packet_length(data, length);
    if (bytes == 0)
      return false;
    data += bytes;
    length -= bytes;
  }
  return false;
}

/**
 * Reports whether the gateway has validated the path of a moving client. Until then it sends no more than three times
 * the bytes that came from there (RFC 9000 sections 8.1 and 9.3). An answer or a probe proves nothing: the packet it
 * answers may have been sent from elsewhere, with this source address, by the real client of a connection.
 */
static bool is_path_proven(const struct qp_probation *probation)
{
  return probation->bytes_out > 3 * probation->bytes_in + UNPROVEN_PATH_BYTES;
}

bool qp_probation_sent(struct qp_probation *probation, const uint8_t *data, uint32_t length)
{
  probation->bytes_in += length;
  if (probation->has_gateway_id)
    return has_answer(probation, data, length);
  return probation->is_moving && !is_long(data) && is_path_proven(probation);
}

/**
 * Takes the source connection ID of an Initial or Handshake. Retry and Version Negotiation belong to no connection yet.
 */
static void take_gateway_id(struct qp_probation *probation, const struct long_header *header)
{
  if (header->version == 0 || header->type == TYPE_RETRY || header->source_bytes > QP_MAX_CID_BYTES)
    return;
  probation->has_gateway_id = true;
  probation->gateway_id_bytes = header->source_bytes;
  memcpy(probation->gateway_id, header->source, header->source_bytes);
}

void qp_probation_answered(struct qp_probation *probation, const uint8_t *data, uint32_t length)
{
  struct long_header header;
  if (read_long(data, length, &header))
    take_gateway_id(probation, &header);
  else
    probation->bytes_out += length;
}
