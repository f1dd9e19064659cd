#include "../../../src/forwarder/native/memory/table.h"

#include "../harness/check.h"
#include "../harness/random.h"
#include "../harness/suite.h"

enum { ITEMS = 3000, ROUNDS = 1000000 };

static const struct qp_hash_key hash_key = { 1, 2 };

struct item {
  uint64_t key;
  bool is_in;
};

/** Chosen such that all fall into a quarter of the largest table, so that runs are long and some wrap around its end.
 */
static bool is_crowded(uint64_t key)
{
  enum { SLOTS = 16384, CROWDED = 4096 };
  return (qp_siphash(&hash_key, &key, 1) + CROWDED / 2) % SLOTS < CROWDED;
}

static void check_all(const struct qp_table *table, struct item *items, size_t count)
{
  size_t cursor = 0, visited = 0;
  for (const struct item *item; (item = qp_table_next(table, &cursor)); visited++)
    CHECK(item->is_in);
  CHECK(visited == count && table->count == count);
  for (struct item *item = items; item < items + ITEMS; item++)
    CHECK(qp_table_find(table, &item->key) == (item->is_in ? item : NULL));
}

/** Adds and removes at random, in phases of growth and of shrinking. */
static void change_at_random(struct qp_table *table, struct item *items)
{
  struct random random = { 1 };
  size_t count = 0;
  for (int i = 0; i < ROUNDS; i++) {
    struct item *item = &items[random_below(&random, ITEMS)];
    bool has_to_be_in = random_below(&random, 100) < (i / 100000 % 2 == 0 ? 90 : 10);
    if (has_to_be_in && !item->is_in)
      CHECK(qp_table_add(table, item));
    if (!has_to_be_in && item->is_in)
      qp_table_remove(table, item);
    count += has_to_be_in - (size_t)item->is_in;
    item->is_in = has_to_be_in;
    CHECK(qp_table_find(table, &item->key) == (has_to_be_in ? item : NULL));
    if (i % 50000 == 0)
      check_all(table, items, count);
    if (table->grace && i % 100 == 0)
      qp_reclaim(table->grace);
  }
  CHECK(qp_table_bytes(table) <= 64 + 16 * sizeof(void *) * ITEMS);
}

static void holds_what_it_is_given(struct qp_grace *grace)
{
  static struct item items[ITEMS];
  struct qp_table table;
  uint64_t key = 0;
  for (struct item *item = items; item < items + ITEMS; item++) {
    while (!is_crowded(key))
      key++;
    *item = (struct item){ .key = key++ };
  }
  qp_table_init(&table, QP_KEY(struct item, key), &hash_key, grace);
  change_at_random(&table, items);
  qp_table_destroy(&table);
}

static void holds_for_its_writer(void)
{
  holds_what_it_is_given(NULL);
}

static void holds_for_readers(void)
{
  static struct qp_grace grace;
  qp_grace_init(&grace, 1);
  holds_what_it_is_given(&grace);
  qp_reclaim(&grace);
}

static const struct test tests[] = {
  { "holds what it was given through a million changes, growing and shrinking", holds_for_its_writer },
  { "holds it as well where others read and memory waits for them", holds_for_readers },
};

const struct suite table_suite = SUITE("table", tests);
