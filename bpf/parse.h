/*
 * The demultiplexing rules for one UDP payload (docs/protocol.md, "What the relay forwards"), as far as the bytes alone
 * decide: the kind of datagram, and the connection IDs in it to look up. The native forwarder and the XDP program
 * include this file, so it uses no libc and no loop, and checks every load against `end`.
 */
#ifndef QP_PARSE_H
#define QP_PARSE_H

#include <linux/types.h>

enum {
  QP_CID_BYTES = 12,
  /** Offset of the DCID in a short header (RFC 8999 section 5.2). */
  QP_SHORT_DCID_AT = 1,
  /** Offset of the DCID in a long header, after first byte, version and length (RFC 8999 section 5.1). */
  QP_LONG_DCID_AT = 6,
  /**
   * A client's first DCID has at least 8 bytes (RFC 9000 section 7.2), and no connection ID has more than 20 (section
   * 17.2).
   */
  QP_MIN_INITIAL_DCID_BYTES = 8,
  QP_MAX_INITIAL_DCID_BYTES = 20,
  /** RFC 8489 section 5. */
  QP_STUN_HEADER_BYTES = 20,
};

enum qp_kind {
  QP_KIND_EMPTY,
  QP_KIND_STUN,
  /** A QUIC packet with connection IDs to look up, in the order of `struct qp_header`. */
  QP_KIND_QUIC,
  /** Nothing for the relay itself, so it goes to the gateway. */
  QP_KIND_OTHER,
};

/** The result of parsing. Pointers point into the datagram, and are null if there is nothing to look up. */
struct qp_header {
  enum qp_kind kind;
  /** A 12-byte DCID that may be registered. */
  const __u8 *destination;
  /** A DCID that may have an initial route, and its length. */
  const __u8 *initial;
  __u8 initial_bytes;
  /** A 12-byte source connection ID. If it is registered, the packet comes from a peer. */
  const __u8 *source;
};

/** Relayed connection IDs have the top bit clear, so half of all foreign ones need no look-up. */
static inline int qp_may_be_registered(const __u8 *cid)
{
  return cid[0] < 0x80;
}

/** Reports whether this is STUN (RFC 8489 section 5), by first byte, cookie and exact length (RFC 9443 section 2). */
static inline int qp_is_stun(const __u8 *data, const __u8 *end)
{
  if (data + QP_STUN_HEADER_BYTES > end || data[0] > 3)
    return 0;
  if (data[4] != 0x21 || data[5] != 0x12 || data[6] != 0xa4 || data[7] != 0x42)
    return 0;
  __u32 length = (__u32)data[2] << 8 | data[3];
  return length % 4 == 0 && length + QP_STUN_HEADER_BYTES == (__u32)(end - data);
}

static inline struct qp_header qp_parse_long(const __u8 *data, const __u8 *end)
{
  struct qp_header header = { .kind = QP_KIND_OTHER };
  const __u8 *destination = data + QP_LONG_DCID_AT;
  if (destination > end)
    return header;
  __u8 length = data[QP_LONG_DCID_AT - 1];
  const __u8 *source_length = destination + length;
  if (source_length + 1 > end)
    return header;
  header.kind = QP_KIND_QUIC;
  if (length == QP_CID_BYTES && destination + QP_CID_BYTES <= end && qp_may_be_registered(destination))
    header.destination = destination;
  if (length >= QP_MIN_INITIAL_DCID_BYTES && length <= QP_MAX_INITIAL_DCID_BYTES) {
    header.initial = destination;
    header.initial_bytes = length;
  }
  const __u8 *source = source_length + 1;
  if (source_length[0] == QP_CID_BYTES && source + QP_CID_BYTES <= end && qp_may_be_registered(source))
    header.source = source;
  return header;
}

/** Classifies the payload from `data` to `end`. */
static inline struct qp_header qp_parse(const __u8 *data, const __u8 *end)
{
  struct qp_header header = { .kind = QP_KIND_OTHER };
  if (data + 1 > end) {
    header.kind = QP_KIND_EMPTY;
    return header;
  }
  if (data[0] >= 0x80)
    return qp_parse_long(data, end);
  if (qp_is_stun(data, end)) {
    header.kind = QP_KIND_STUN;
    return header;
  }
  const __u8 *destination = data + QP_SHORT_DCID_AT;
  if (destination + QP_CID_BYTES > end || !qp_may_be_registered(destination))
    return header;
  header.kind = QP_KIND_QUIC;
  header.destination = destination;
  return header;
}

#endif
