#include "demux.h"

static bool is_registered(const struct qp_routes *routes, const uint8_t *cid)
{
  return qp_routes_find(routes, cid, qp_routes_hash(routes, cid)) != QP_NO_SESSION;
}

static struct qp_sorted sort_quic(const struct qp_header *header, uint64_t hash, const struct qp_routes *routes,
                                  const struct qp_pins *pins, int64_t now_ms)
{
  if (header->destination) {
    uint32_t session = qp_routes_find(routes, header->destination, hash);
    if (session != QP_NO_SESSION)
      return (struct qp_sorted){ .verdict = QP_VERDICT_SESSION, .session = session };
  }
  /*
   * A dialer may resend its Initial while its first flight is on another path. At the gateway the Initial would be
   * answered by a foreign handshake, which ends the dial.
   */
  bool is_unknown_initial = header->source && is_registered(routes, header->source);
  enum qp_verdict unpinned = is_unknown_initial ? QP_VERDICT_UNKNOWN_INITIAL : QP_VERDICT_GATEWAY;
  if (header->initial) {
    const struct qp_pin *pin = qp_pins_find(pins, header->initial, header->initial_bytes, now_ms);
    if (pin)
      return (struct qp_sorted){ .verdict = QP_VERDICT_PINNED, .pin = pin, .unpinned = unpinned };
  }
  return (struct qp_sorted){ .verdict = unpinned };
}

struct qp_sorted qp_sort(const struct qp_header *header, uint64_t hash, const struct qp_routes *routes,
                         const struct qp_pins *pins, int64_t now_ms)
{
  switch (header->kind) {
  case QP_KIND_EMPTY:
    return (struct qp_sorted){ .verdict = QP_VERDICT_EMPTY };
  case QP_KIND_STUN:
    return (struct qp_sorted){ .verdict = QP_VERDICT_STUN };
  case QP_KIND_QUIC:
    return sort_quic(header, hash, routes, pins, now_ms);
  default:
    return (struct qp_sorted){ .verdict = QP_VERDICT_GATEWAY };
  }
}
