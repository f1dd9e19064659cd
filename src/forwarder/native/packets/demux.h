/* Classifies one payload by the rules of bpf/parse.h and the tables (docs/protocol.md, "What the relay forwards"). */
#ifndef QP_DEMUX_H
#define QP_DEMUX_H

#include "../../../../bpf/parse.h"
#include "../tables/pins.h"
#include "../tables/routes.h"

enum qp_verdict {
  QP_VERDICT_EMPTY,
  QP_VERDICT_STUN,
  /** Registered: `session` is set. */
  QP_VERDICT_SESSION,
  /** Pinned: `pin` is set. The pin applies only to packets from its dialer. */
  QP_VERDICT_PINNED,
  /** A peer's packet to a connection ID that has no route, or none yet. */
  QP_VERDICT_UNKNOWN_INITIAL,
  QP_VERDICT_GATEWAY,
};

struct qp_sorted {
  enum qp_verdict verdict;
  uint32_t session;
  const struct qp_pin *pin;
  /** The verdict for a pinned packet that is not from the dialer, which is the one without the pin. */
  enum qp_verdict unpinned;
};

/** `hash` is the hash of `header->destination`, if there is one. Any thread. */
struct qp_sorted qp_sort(const struct qp_header *header, uint64_t hash, const struct qp_routes *routes,
                         const struct qp_pins *pins, int64_t now_ms);

#endif
