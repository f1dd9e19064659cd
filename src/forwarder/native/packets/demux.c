#include "demux.h"

static bool is_registered(const struct qp_routes *routes, const uint8_t *cid)
{
  return qp_routes_find(routes, cid, qp_routes_hash(routes, cid)) != QP_NO_SESSION;
}

static struct qp_sorted sort_quic(const struct qp_header *header, uint64_t hash, const struct qp_routes *routes,
                                  const struct qp_table *initial_routes, int64_t now_ms)
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
  bool is_from_peer = header->source && is_registered(routes, header->source);
  enum qp_verdict otherwise = is_from_peer ? QP_VERDICT_NO_ROUTE : QP_VERDICT_GATEWAY;
  const struct qp_initial_route *route =
    header->initial ? qp_initial_routes_find(initial_routes, header->initial, header->initial_bytes, now_ms) : NULL;
  if (route)
    return (struct qp_sorted){ .verdict = QP_VERDICT_INITIAL_ROUTE, .initial_route = route, .otherwise = otherwise };
  return (struct qp_sorted){ .verdict = otherwise };
}

struct qp_sorted qp_sort(const struct qp_header *header, uint64_t hash, const struct qp_routes *routes,
                         const struct qp_table *initial_routes, int64_t now_ms)
{
  switch (header->kind) {
  case QP_KIND_EMPTY:
    return (struct qp_sorted){ .verdict = QP_VERDICT_EMPTY };
  case QP_KIND_STUN:
    return (struct qp_sorted){ .verdict = QP_VERDICT_STUN };
  case QP_KIND_QUIC:
    return sort_quic(header, hash, routes, initial_routes, now_ms);
  default:
    return (struct qp_sorted){ .verdict = QP_VERDICT_GATEWAY };
  }
}
