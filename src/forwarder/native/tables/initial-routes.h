/*
 * A table of initial routes: initial DCIDs, its keys, that lead to a session. The caller bounds their number and ends
 * them. The control thread writes, and I/O threads read.
 */
#ifndef QP_INITIAL_ROUTES_H
#define QP_INITIAL_ROUTES_H

#include "../../../../bpf/parse.h"
#include "../memory/table.h"

/** The DCID of a first Initial, padded with zeros. */
struct qp_initial {
  _Alignas(qp_word) uint8_t bytes[23];
  uint8_t length;
};

struct qp_initial_route {
  struct qp_retired retired;
  struct qp_initial initial;
  /** The sessions of the accepter and of the dialer. */
  uint32_t to, from;
  int64_t expires_at_ms;
};

/** Any thread: returns the live route of a DCID of 8 to 20 bytes, or null. */
const struct qp_initial_route *qp_initial_routes_find(const struct qp_table *routes, const uint8_t *dcid,
                                                      uint8_t length, int64_t now_ms);

/** Control thread: sets or replaces the route of a DCID; false if it is not 8 to 20 bytes long, or if out of memory. */
bool qp_initial_routes_set(struct qp_table *routes, const uint8_t *dcid, size_t length, uint32_t to, uint32_t from,
                           int64_t expires_at_ms);
/** Control thread: deletes the route of a DCID, if any. */
void qp_initial_routes_delete(struct qp_table *routes, const uint8_t *dcid, size_t length);

#endif
