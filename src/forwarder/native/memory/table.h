/*
 * A hash table of pointers with one writer and any number of readers that take no lock. Open addressing, load
 * at most one half; removed places are marked and go when the table is rebuilt. What the table points to stays
 * readable until its grace period is over (grace.h).
 */
#ifndef QP_TABLE_H
#define QP_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grace.h"

/** How a table knows its items. */
struct qp_table_type {
  uint64_t (*hash)(const void *item, const void *context);
  bool (*matches)(const void *item, const void *key);
};

struct qp_slots {
  struct qp_retired retired;
  size_t mask;
  _Atomic(void *) at[];
};

struct qp_table {
  const struct qp_table_type *type;
  /** Handed to `hash`. */
  const void *context;
  /** Null where nobody reads but the writer: then memory is freed at once. */
  struct qp_grace *grace;
  _Atomic(struct qp_slots *) slots;
  /** Items, and slots that are not free. */
  size_t count, used;
};

void qp_table_init(struct qp_table *table, const struct qp_table_type *type, const void *context,
                   struct qp_grace *grace);
/** Frees the table, not its items; nobody may be reading. */
void qp_table_destroy(struct qp_table *table);

/** The item that matches `key`, or null. `hash` is the one that the type's `hash` gives for such an item. */
void *qp_table_find(const struct qp_table *table, uint64_t hash, const void *key);
/** Writer: adds an item, after which the one that has its key already must go; false if there is no memory. */
bool qp_table_add(struct qp_table *table, void *item);
/** Writer: takes an item out. */
void qp_table_remove(struct qp_table *table, void *item);
/** Writer: the next item at or after `*cursor`, which starts at 0; null at the end. */
void *qp_table_next(const struct qp_table *table, size_t *cursor);
size_t qp_table_bytes(const struct qp_table *table);

#endif
