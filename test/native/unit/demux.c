/* The rules in C against those in TypeScript: packets of test/fixtures/packets.json, and many that are cut and changed.
 */
#include <string.h>

#include "../harness/check.h"
#include "../harness/suite.h"
#include "../harness/vector.h"

struct tables {
  struct qp_grace grace;
  struct qp_routes routes;
  struct qp_table initial_routes;
};

static struct tables tables;

static void begin(void)
{
  const struct qp_hash_key key = { 1, 2 };
  memset(&tables, 0, sizeof tables);
  qp_grace_init(&tables.grace, 1);
  qp_routes_init(&tables.routes, &key, &tables.grace);
  qp_table_init(&tables.initial_routes, QP_KEY(struct qp_initial_route, initial), &key, &tables.grace);
  for (uint32_t i = 0; i < vector_cid_count; i++)
    CHECK(qp_routes_set(&tables.routes, vector_cids[i].bytes, i));
  for (size_t i = 0; i < vector_initial_count; i++) {
    const struct vector_id *initial = &vector_initials[i];
    CHECK(qp_initial_routes_set(&tables.initial_routes, initial->bytes, initial->length, 0, 1, INT64_MAX));
  }
}

static void end(void)
{
  qp_reclaim(&tables.grace);
  qp_routes_destroy(&tables.routes);
  qp_table_destroy_all(&tables.initial_routes);
}

static struct qp_sorted sort(const struct vector *vector)
{
  struct qp_header header = qp_parse(vector->payload, vector->payload + vector->payload_bytes);
  uint64_t hash = header.destination ? qp_routes_hash(&tables.routes, header.destination) : 0;
  return qp_sort(&header, hash, &tables.routes, &tables.initial_routes, 0);
}

static void sorts_as_typescript_does(void)
{
  begin();
  for (const struct vector *vector = vectors; vector < vectors + vector_count; vector++) {
    struct qp_sorted sorted = sort(vector);
    bool is_same = sorted.verdict == vector->verdict && sorted.session == vector->session;
    if (!is_same)
      fprintf(stderr, "\nverdict %d instead of %d: %s\n", sorted.verdict, vector->verdict, vector->name);
    CHECK(is_same);
  }
  end();
}

static const struct test tests[] = {
  { "sorts packets as the rules in TypeScript do, however they are cut and changed", sorts_as_typescript_does },
};

const struct suite demux_suite = SUITE("demux", tests);
