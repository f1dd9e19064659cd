#include "table.h"

#include <stdlib.h>

enum { MIN_SLOTS = 16 };

static char removed_mark;
#define REMOVED ((void *)&removed_mark)

static struct qp_slots *slots_of(const struct qp_table *table)
{
  return atomic_load_explicit(&table->slots, memory_order_acquire);
}

static void *item_at(const struct qp_slots *slots, size_t slot)
{
  return atomic_load_explicit(&slots->at[slot & slots->mask], memory_order_acquire);
}

static void put(struct qp_slots *slots, size_t slot, void *item)
{
  atomic_store_explicit(&slots->at[slot & slots->mask], item, memory_order_release);
}

static const qp_word *key_of(const struct qp_table *table, const void *item)
{
  return (const void *)((const uint8_t *)item + table->key_at);
}

static size_t hash_of(const struct qp_table *table, const qp_word *key)
{
  return qp_siphash(&table->hash_key, key, table->key_words);
}

static bool has_key(const struct qp_table *table, const void *item, const qp_word *key)
{
  const qp_word *own = key_of(table, item);
  for (size_t i = 0; i < table->key_words; i++)
    if (own[i] != key[i])
      return false;
  return true;
}

void qp_table_init(struct qp_table *table, size_t key_at, size_t key_bytes, const struct qp_hash_key *hash_key,
                   struct qp_grace *grace)
{
  table->key_at = key_at;
  table->key_words = key_bytes / sizeof(qp_word);
  table->hash_key = *hash_key;
  table->grace = grace;
  table->count = table->used = 0;
  atomic_init(&table->slots, NULL);
}

void qp_table_destroy(struct qp_table *table)
{
  free(slots_of(table));
}

void qp_table_destroy_all(struct qp_table *table)
{
  size_t cursor = 0;
  for (void *item; (item = qp_table_next(table, &cursor));)
    free(item);
  qp_table_destroy(table);
}

void *qp_table_find(const struct qp_table *table, const void *key)
{
  const struct qp_slots *slots = slots_of(table);
  if (!slots)
    return NULL;
  void *item;
  for (size_t slot = hash_of(table, key); (item = item_at(slots, slot)); slot++)
    if (item != REMOVED && has_key(table, item, key))
      return item;
  return NULL;
}

static void insert(const struct qp_table *table, struct qp_slots *slots, void *item)
{
  size_t slot = hash_of(table, key_of(table, item));
  while (item_at(slots, slot))
    slot++;
  put(slots, slot, item);
}

/** Moves the items to a new array of slots, without the marks of removed items. */
static bool rebuild(struct qp_table *table)
{
  size_t capacity = MIN_SLOTS;
  while (capacity < 4 * (table->count + 1))
    capacity *= 2;
  struct qp_slots *fresh = calloc(1, sizeof *fresh + capacity * sizeof fresh->at[0]);
  if (!fresh)
    return false;
  fresh->mask = capacity - 1;
  size_t cursor = 0;
  for (void *item; (item = qp_table_next(table, &cursor));)
    insert(table, fresh, item);
  struct qp_slots *old = slots_of(table);
  atomic_store_explicit(&table->slots, fresh, memory_order_release);
  table->used = table->count;
  if (old && table->grace)
    qp_retire_memory(table->grace, &old->retired);
  else
    free(old);
  return true;
}

bool qp_table_add(struct qp_table *table, void *item)
{
  const struct qp_slots *slots = slots_of(table);
  if ((!slots || 2 * (table->used + 1) > slots->mask + 1) && !rebuild(table))
    return false;
  insert(table, slots_of(table), item);
  table->count++;
  table->used++;
  return true;
}

void *qp_table_keep(struct qp_table *table, void *item)
{
  if (qp_table_add(table, item))
    return item;
  free(item);
  return NULL;
}

void qp_table_remove(struct qp_table *table, void *item)
{
  struct qp_slots *slots = slots_of(table);
  size_t slot = hash_of(table, key_of(table, item));
  while (item_at(slots, slot) != item)
    slot++;
  put(slots, slot, REMOVED);
  table->count--;
}

void *qp_table_next(const struct qp_table *table, size_t *cursor)
{
  const struct qp_slots *slots = slots_of(table);
  while (slots && *cursor <= slots->mask) {
    void *item = item_at(slots, (*cursor)++);
    if (item && item != REMOVED)
      return item;
  }
  return NULL;
}

size_t qp_table_bytes(const struct qp_table *table)
{
  const struct qp_slots *slots = slots_of(table);
  return slots ? sizeof *slots + (slots->mask + 1) * sizeof slots->at[0] : 0;
}
