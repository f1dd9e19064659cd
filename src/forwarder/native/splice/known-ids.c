#include "known-ids.h"

#include <stdlib.h>
#include <string.h>

/** Offset of the DCID in a short header (RFC 8999 section 5.2). */
enum { SHORT_DCID_AT = 1 };

struct known_id {
  uint64_t prefix;
  struct qp_connection *connection;
  /** Number of clients that use it. */
  uint32_t clients;
};

void qp_known_ids_init(struct qp_table *ids, const struct qp_hash_key *key)
{
  qp_table_init(ids, QP_KEY(struct known_id, prefix), key, NULL);
}

bool qp_read_id_prefix(const uint8_t *data, uint32_t length, uint64_t *prefix)
{
  if (length < SHORT_DCID_AT + sizeof *prefix || data[0] >= 0x80)
    return false;
  memcpy(prefix, data + SHORT_DCID_AT, sizeof *prefix);
  return true;
}

bool qp_is_newest_id(const struct qp_used_ids *used, uint64_t prefix)
{
  return used->count > 0 && used->prefixes[used->count - 1] == prefix;
}

struct qp_connection *qp_known_ids_find(const struct qp_table *ids, uint64_t prefix)
{
  const struct known_id *known = qp_table_find(ids, &prefix);
  return known ? known->connection : NULL;
}

static struct known_id *add_id(struct qp_table *ids, uint64_t prefix, struct qp_connection *connection)
{
  struct known_id *known = calloc(1, sizeof *known);
  if (!known)
    return NULL;
  known->prefix = prefix;
  known->connection = connection;
  return qp_table_keep(ids, known);
}

static bool acquire(struct qp_table *ids, uint64_t prefix, struct qp_connection *connection)
{
  struct known_id *known = qp_table_find(ids, &prefix);
  if (!known)
    known = add_id(ids, prefix, connection);
  if (!known || known->connection != connection)
    return false;
  known->clients++;
  return true;
}

static void release(struct qp_table *ids, uint64_t prefix)
{
  struct known_id *known = qp_table_find(ids, &prefix);
  if (--known->clients > 0)
    return;
  qp_table_remove(ids, known);
  free(known);
}

static void take_out(struct qp_used_ids *used, uint32_t at)
{
  used->count--;
  memmove(&used->prefixes[at], &used->prefixes[at + 1], (used->count - at) * sizeof used->prefixes[0]);
}

/** Removes an ID from those of the client; false if it was not among them. */
static bool was_used(struct qp_used_ids *used, uint64_t prefix)
{
  for (uint32_t at = 0; at < used->count; at++)
    if (used->prefixes[at] == prefix) {
      take_out(used, at);
      return true;
    }
  return false;
}

void qp_known_ids_use(struct qp_table *ids, struct qp_used_ids *used, uint64_t prefix, struct qp_connection *connection)
{
  if (!was_used(used, prefix) && !acquire(ids, prefix, connection))
    return;
  if (used->count == QP_IDS_OF_CLIENT) {
    release(ids, used->prefixes[0]);
    take_out(used, 0);
  }
  used->prefixes[used->count++] = prefix;
}

void qp_known_ids_forget(struct qp_table *ids, struct qp_used_ids *used)
{
  while (used->count > 0)
    release(ids, used->prefixes[--used->count]);
}
