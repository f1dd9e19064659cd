#include "initial-routes.h"

#include <stdlib.h>
#include <string.h>

static bool is_initial(size_t length)
{
  return length >= QP_MIN_INITIAL_DCID_BYTES && length <= QP_MAX_INITIAL_DCID_BYTES;
}

static struct qp_initial initial_of(const uint8_t *dcid, size_t length)
{
  struct qp_initial initial = { .length = (uint8_t)length };
  memcpy(initial.bytes, dcid, length);
  return initial;
}

const struct qp_initial_route *qp_initial_routes_find(const struct qp_table *routes, const uint8_t *dcid,
                                                      uint8_t length, int64_t now_ms)
{
  struct qp_initial initial = initial_of(dcid, length);
  const struct qp_initial_route *route = qp_table_find(routes, &initial);
  return route && route->expires_at_ms > now_ms ? route : NULL;
}

static void discard(struct qp_table *routes, struct qp_initial_route *route)
{
  qp_table_remove(routes, route);
  qp_retire_memory(routes->grace, &route->retired);
}

void qp_initial_routes_delete(struct qp_table *routes, const uint8_t *dcid, size_t length)
{
  if (!is_initial(length))
    return;
  struct qp_initial initial = initial_of(dcid, length);
  struct qp_initial_route *route = qp_table_find(routes, &initial);
  if (route)
    discard(routes, route);
}

bool qp_initial_routes_set(struct qp_table *routes, const uint8_t *dcid, size_t length, uint32_t to, uint32_t from,
                           int64_t expires_at_ms)
{
  if (!is_initial(length))
    return false;
  struct qp_initial_route *route = calloc(1, sizeof *route);
  if (!route)
    return false;
  *route = (struct qp_initial_route){
    .initial = initial_of(dcid, length), .to = to, .from = from, .expires_at_ms = expires_at_ms
  };
  struct qp_initial_route *before = qp_table_find(routes, &route->initial);
  if (!qp_table_keep(routes, route))
    return false;
  /* The new route is added before the old one is removed, so that a packet in between finds either. */
  if (before)
    discard(routes, before);
  return true;
}
