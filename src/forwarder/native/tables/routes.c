#include "routes.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_SLOTS = 16 };

/** Marks a removed route, in place of session + 1. */
#define REMOVED UINT32_MAX

/** A connection ID as the two words that are compared. */
struct cid_words {
  uint64_t head;
  uint32_t tail;
};

static struct cid_words words_of(const uint8_t *cid)
{
  struct cid_words words;
  memcpy(&words.head, cid, 8);
  memcpy(&words.tail, cid + 8, 4);
  return words;
}

static uint64_t hash_words(const struct qp_routes *routes, struct cid_words words)
{
  uint64_t input[2] = { words.head, words.tail };
  return qp_siphash(&routes->key, input, 2);
}

uint64_t qp_routes_hash(const struct qp_routes *routes, const uint8_t *cid)
{
  return hash_words(routes, words_of(cid));
}

/** The shard uses the top bits of the hash, the slot the low ones. */
static size_t shard_of(uint64_t hash)
{
  return hash >> (64 - QP_SHARD_BITS);
}

static struct qp_shard_slots *slots_of(const struct qp_shard *shard)
{
  return atomic_load_explicit(&shard->slots, memory_order_acquire);
}

void qp_routes_init(struct qp_routes *routes, const struct qp_hash_key *key, struct qp_grace *grace)
{
  routes->key = *key;
  routes->grace = grace;
}

void qp_routes_destroy(struct qp_routes *routes)
{
  for (size_t i = 0; i < 1 << QP_SHARD_BITS; i++)
    free(slots_of(&routes->shards[i]));
}

void qp_routes_prefetch(const struct qp_routes *routes, uint64_t hash)
{
  const struct qp_shard_slots *slots = slots_of(&routes->shards[shard_of(hash)]);
  if (slots)
    __builtin_prefetch(&slots->at[hash & slots->mask]);
}

/** A slot as it was read, once: a second read might find another connection ID in it. */
struct place {
  size_t slot;
  /** Session + 1, or 0 if the slot is free. */
  uint32_t holder;
};

/** Returns the slot that holds the words, or the free slot that ends their run. */
static struct place probe(const struct qp_shard_slots *slots, struct cid_words words, uint64_t hash)
{
  for (size_t slot = hash & slots->mask;; slot = (slot + 1) & slots->mask) {
    uint64_t tail = atomic_load_explicit(&slots->at[slot].tail, memory_order_acquire);
    uint32_t holder = tail >> 32;
    if (holder == 0)
      return (struct place){ slot, 0 };
    if (holder != REMOVED && (uint32_t)tail == words.tail &&
        atomic_load_explicit(&slots->at[slot].head, memory_order_relaxed) == words.head)
      return (struct place){ slot, holder };
  }
}

uint32_t qp_routes_find(const struct qp_routes *routes, const uint8_t *cid, uint64_t hash)
{
  const struct qp_shard_slots *slots = slots_of(&routes->shards[shard_of(hash)]);
  if (!slots)
    return QP_NO_SESSION;
  return probe(slots, words_of(cid), hash).holder - 1;
}

static void write_route(struct qp_shard_slots *slots, size_t slot, struct cid_words words, uint32_t holder)
{
  atomic_store_explicit(&slots->at[slot].head, words.head, memory_order_relaxed);
  atomic_store_explicit(&slots->at[slot].tail, (uint64_t)holder << 32 | words.tail, memory_order_release);
}

static void copy_routes(const struct qp_routes *routes, const struct qp_shard_slots *from, struct qp_shard_slots *to)
{
  for (size_t slot = 0; slot <= from->mask; slot++) {
    uint64_t tail = atomic_load_explicit(&from->at[slot].tail, memory_order_relaxed);
    uint32_t holder = tail >> 32;
    if (holder == 0 || holder == REMOVED)
      continue;
    struct cid_words words = { atomic_load_explicit(&from->at[slot].head, memory_order_relaxed), (uint32_t)tail };
    write_route(to, probe(to, words, hash_words(routes, words)).slot, words, holder);
  }
}

/** Resizes a shard to its number of routes, without the marks of removed ones. */
static bool rebuild(struct qp_routes *routes, struct qp_shard *shard)
{
  size_t capacity = MIN_SLOTS;
  /* A little room beyond a load of one half, so that the next route does not trigger the next rebuild. */
  while (capacity / 2 <= shard->count + shard->count / 64)
    capacity *= 2;
  struct qp_shard_slots *fresh = calloc(1, sizeof *fresh + capacity * sizeof fresh->at[0]);
  if (!fresh)
    return false;
  fresh->mask = capacity - 1;
  struct qp_shard_slots *old = slots_of(shard);
  if (old)
    copy_routes(routes, old, fresh);
  shard->used = shard->count;
  atomic_store_explicit(&shard->slots, fresh, memory_order_release);
  if (old)
    qp_retire_memory(routes->grace, &old->retired);
  return true;
}

bool qp_routes_set(struct qp_routes *routes, const uint8_t *cid, uint32_t session)
{
  struct cid_words words = words_of(cid);
  uint64_t hash = hash_words(routes, words);
  struct qp_shard *shard = &routes->shards[shard_of(hash)];
  struct qp_shard_slots *slots = slots_of(shard);
  struct place place = slots ? probe(slots, words, hash) : (struct place){ 0 };
  if (place.holder != 0) {
    write_route(slots, place.slot, words, session + 1);
    return true;
  }
  if (!slots || 2 * ((size_t)shard->used + 1) > slots->mask + 1) {
    if (!rebuild(routes, shard))
      return false;
    slots = slots_of(shard);
    place = probe(slots, words, hash);
  }
  write_route(slots, place.slot, words, session + 1);
  shard->used++;
  shard->count++;
  routes->count++;
  return true;
}

bool qp_routes_remove(struct qp_routes *routes, const uint8_t *cid, uint32_t session)
{
  struct cid_words words = words_of(cid);
  uint64_t hash = hash_words(routes, words);
  struct qp_shard *shard = &routes->shards[shard_of(hash)];
  struct qp_shard_slots *slots = slots_of(shard);
  struct place place = slots ? probe(slots, words, hash) : (struct place){ 0 };
  if (place.holder != session + 1)
    return false;
  write_route(slots, place.slot, words, REMOVED);
  shard->count--;
  routes->count--;
  /* An emptied shard returns its memory. If there is none for a smaller shard, it stays as it is. */
  if (slots->mask >= MIN_SLOTS && 16 * (size_t)shard->count < slots->mask)
    rebuild(routes, shard);
  return true;
}

size_t qp_routes_bytes(const struct qp_routes *routes)
{
  size_t bytes = sizeof *routes;
  for (size_t i = 0; i < 1 << QP_SHARD_BITS; i++) {
    const struct qp_shard_slots *slots = slots_of(&routes->shards[i]);
    bytes += slots ? sizeof *slots + (slots->mask + 1) * sizeof slots->at[0] : 0;
  }
  return bytes;
}
