#include "pins.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_initial(const struct qp_hash_key *key, const struct qp_initial *initial)
{
  uint64_t words[3];
  memcpy(words, initial, sizeof words);
  return qp_siphash(key, words, 3);
}

static uint64_t hash_pin(const void *item, const void *context)
{
  return hash_initial(context, &((const struct qp_pin *)item)->initial);
}

static bool pin_matches(const void *item, const void *key)
{
  return memcmp(&((const struct qp_pin *)item)->initial, key, sizeof(struct qp_initial)) == 0;
}

static const struct qp_table_type pin_type = { hash_pin, pin_matches };

void qp_pins_init(struct qp_pins *pins, const struct qp_hash_key *key, struct qp_grace *grace)
{
  pins->key = *key;
  pins->grace = grace;
  qp_table_init(&pins->table, &pin_type, &pins->key, grace);
}

void qp_pins_destroy(struct qp_pins *pins)
{
  size_t cursor = 0;
  for (void *pin; (pin = qp_table_next(&pins->table, &cursor));)
    free(pin);
  qp_table_destroy(&pins->table);
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

static struct qp_pin *find(const struct qp_pins *pins, const struct qp_initial *initial)
{
  return qp_table_find(&pins->table, hash_initial(&pins->key, initial), initial);
}

const struct qp_pin *qp_pins_find(const struct qp_pins *pins, const uint8_t *dcid, uint8_t length, int64_t now_ms)
{
  struct qp_initial initial = initial_of(dcid, length);
  const struct qp_pin *pin = find(pins, &initial);
  return pin && pin->expires_at_ms > now_ms ? pin : NULL;
}

static void release_pin(struct qp_retired *retired, void *owner)
{
  (void)owner;
  free(retired);
}

static void discard(struct qp_pins *pins, struct qp_pin *pin)
{
  qp_table_remove(&pins->table, pin);
  qp_retire(pins->grace, &pin->retired, release_pin, NULL);
}

void qp_pins_delete(struct qp_pins *pins, const uint8_t *dcid, size_t length)
{
  if (!is_initial(length))
    return;
  struct qp_initial initial = initial_of(dcid, length);
  struct qp_pin *pin = find(pins, &initial);
  if (pin)
    discard(pins, pin);
}

bool qp_pins_set(struct qp_pins *pins, const uint8_t *dcid, size_t length, uint32_t to, uint32_t from,
                 int64_t expires_at_ms)
{
  if (!is_initial(length))
    return false;
  struct qp_pin *pin = calloc(1, sizeof *pin);
  if (!pin)
    return false;
  *pin = (struct qp_pin){ .initial = initial_of(dcid, length), .to = to, .from = from, .expires_at_ms = expires_at_ms };
  struct qp_pin *before = find(pins, &pin->initial);
  if (!qp_table_add(&pins->table, pin)) {
    free(pin);
    return false;
  }
  /* The new pin is added before the old one is removed, so that a packet in between finds either. */
  if (before)
    discard(pins, before);
  return true;
}
