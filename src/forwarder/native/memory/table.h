/*
 * A hash table of pointers to items, each found by its key, which is a member of it. One writer and any number of
 * lock-free readers. Open addressing, with a load of at most one half. Removed slots are marked and dropped when the
 * table is rebuilt. Items stay readable until their grace period is over (grace.h).
 */
#ifndef QP_TABLE_H
#define QP_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grace.h"
#include "siphash.h"

struct qp_slots {
  struct qp_retired retired;
  size_t mask;
  _Atomic(void *) at[];
};

struct qp_table {
  /** Offset of the key in an item, in bytes, and its length in words. */
  size_t key_at, key_words;
  struct qp_hash_key hash_key;
  /** Null if only the writer reads; slots are then freed at once. */
  struct qp_grace *grace;
  _Atomic(struct qp_slots *) slots;
  /** Number of items, and of slots that are not free. */
  size_t count, used;
};

/** The member of an item that is its key: whole words, aligned as such. Arguments of `qp_table_init`. */
#define QP_KEY(item, member) offsetof(item, member), sizeof(((item *)0)->member)

void qp_table_init(struct qp_table *table, size_t key_at, size_t key_bytes, const struct qp_hash_key *hash_key,
                   struct qp_grace *grace);
/** Frees the table but not its items. No thread may be reading. */
void qp_table_destroy(struct qp_table *table);
/** The same, and frees its items. */
void qp_table_destroy_all(struct qp_table *table);

/** Returns the item with a key, or null. */
void *qp_table_find(const struct qp_table *table, const void *key);
/** Writer: adds an item; false if out of memory. An older item with the same key must be removed afterwards. */
bool qp_table_add(struct qp_table *table, void *item);
/** Writer: adds an item, or frees it if out of memory. Returns the item, or null. */
void *qp_table_keep(struct qp_table *table, void *item);
/** Writer: removes an item, which must be in the table. */
void qp_table_remove(struct qp_table *table, void *item);
/** Writer: returns the next item at or after `*cursor`, which starts at 0; null at the end. */
void *qp_table_next(const struct qp_table *table, size_t *cursor);
size_t qp_table_bytes(const struct qp_table *table);

#endif
