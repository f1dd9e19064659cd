#include "initial-routes.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_initial(const struct qp_hash_key *key, const struct qp_initial *initial)
{
  uint64_t words[3];
  memcpy(words, initial, sizeof words);
  return qp_siphash(key, words, 3);
}

static uint64_t hash_route(const void *item, const void *context)
{
  return hash_initial(context, &((const struct qp_initial_route *)item)->initial);
}

static bool route_matches(const void *item, const void *key)
{
  return memcmp(&((const struct qp_initial_route *)item)->initial, key, sizeof(struct qp_initial)) == 0;
}

static const struct qp_table_type route_type = { hash_route, route_matches };

void qp_initial_routes_init(struct qp_initial_routes *routes, const struct qp_hash_key *key, struct qp_grace *grace)
{
  routes->key = *key;
  routes->grace = grace;
  qp_table_init(&routes->table, &route_type, &routes->key, grace);
}

void qp_initial_routes_destroy(struct qp_initial_routes *routes)
{
  size_t cursor = 0;
  for (void *route; (route = qp_table_next(&routes->table, &cursor));)
    free(route);
  qp_table_destroy(&routes->table);
}

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

static struct qp_initial_route *find(const struct qp_initial_routes *routes, const struct qp_initial *initial)
{
  return qp_table_find(&routes->table, hash_initial(&routes->key, initial), initial);
}

const struct qp_initial_route *qp_initial_routes_find(const struct qp_initial_routes *routes, const uint8_t *dcid,
                                                      uint8_t length, int64_t now_ms)
{
  struct qp_initial initial = initial_of(dcid, length);
  const struct qp_initial_route *route = find(routes, &initial);
  return route && route->expires_at_ms > now_ms ? route : NULL;
}

static void discard(struct qp_initial_routes *routes, struct qp_initial_route *route)
{
  qp_table_remove(&routes->table, route);
  qp_retire_memory(routes->grace, &route->retired);
}

void qp_initial_routes_delete(struct qp_initial_routes *routes, const uint8_t *dcid, size_t length)
{
  if (!is_initial(length))
    return;
  struct qp_initial initial = initial_of(dcid, length);
  struct qp_initial_route *route = find(routes, &initial);
  if (route)
    discard(routes, route);
}

bool qp_initial_routes_set(struct qp_initial_routes *routes, const uint8_t *dcid, size_t length, uint32_t to,
                           uint32_t from, int64_t expires_at_ms)
{
  if (!is_initial(length))
    return false;
  struct qp_initial_route *route = calloc(1, sizeof *route);
  if (!route)
    return false;
  *route = (struct qp_initial_route){
    .initial = initial_of(dcid, length), .to = to, .from = from, .expires_at_ms = expires_at_ms
  };
  struct qp_initial_route *before = find(routes, &route->initial);
  if (!qp_table_add(&routes->table, route)) {
    free(route);
    return false;
  }
  /* The new route is added before the old one is removed, so that a packet in between finds either. */
  if (before)
    discard(routes, before);
  return true;
}
