/* Classifies one payload by the rules of bpf/parse.h and the tables (docs/protocol.md, "What the relay forwards"). */
#ifndef QP_DEMUX_H
#define QP_DEMUX_H

#include "../../../../bpf/parse.h"
#include "../tables/initial-routes.h"
#include "../tables/routes.h"

enum qp_verdict {
  QP_VERDICT_EMPTY,
  QP_VERDICT_STUN,
  /** Registered: `session` is set. */
  QP_VERDICT_SESSION,
  /** A DCID with an initial route, `initial_route`. It applies only to packets from its dialer. */
  QP_VERDICT_INITIAL_ROUTE,
  /** A peer's long header to a connection ID that has no route, or none yet. */
  QP_VERDICT_NO_ROUTE,
  QP_VERDICT_GATEWAY,
};

struct qp_sorted {
  enum qp_verdict verdict;
  uint32_t session;
  const struct qp_initial_route *initial_route;
  /** The verdict if the packet is not from the dialer of `initial_route`: the one without that route. */
  enum qp_verdict otherwise;
};

/** `hash` is the hash of `header->destination`, if there is one. Any thread. */
struct qp_sorted qp_sort(const struct qp_header *header, uint64_t hash, const struct qp_routes *routes,
                         const struct qp_table *initial_routes, int64_t now_ms);

#endif
