#include "splice.h"

#include <stdlib.h>

enum {
  /* 127.1.0.1 to 127.255.255.254 without .0 and .255: 127.0.0.0/16 is left to the system and its services. */
  VIRTUAL_HOSTS = 254,
  VIRTUAL_NETS = 255 * 256,
  VIRTUAL_ADDRESSES = VIRTUAL_NETS * VIRTUAL_HOSTS,
};

static uint64_t hash_path(const void *item, const void *context)
{
  return qp_hash_path(context, &((const struct qp_client *)item)->path);
}

static bool path_matches(const void *item, const void *key)
{
  return qp_same_path(&((const struct qp_client *)item)->path, key);
}

static uint64_t hash_ipv4(const struct qp_hash_key *key, uint32_t ipv4)
{
  uint64_t word = ipv4;
  return qp_siphash(key, &word, 1);
}

static uint64_t hash_virtual(const void *item, const void *context)
{
  return hash_ipv4(context, ((const struct qp_client *)item)->virtual_ipv4);
}

static bool virtual_matches(const void *item, const void *key)
{
  return ((const struct qp_client *)item)->virtual_ipv4 == *(const uint32_t *)key;
}

static const struct qp_table_type by_path_type = { hash_path, path_matches };
static const struct qp_table_type by_virtual_type = { hash_virtual, virtual_matches };

void qp_splice_limits_init(struct qp_splice_limits *limits, const struct qp_splice_options *options,
                           const struct qp_permutation_key *order)
{
  limits->options = *options;
  limits->order = *order;
  atomic_init(&limits->clients, 0);
  qp_bucket_init(&limits->creations, options->new_clients_per_second, options->new_client_burst);
}

void qp_splice_init(struct qp_splice *splice, struct qp_splice_limits *limits, const struct qp_hash_key *key,
                    unsigned index, unsigned threads, int family)
{
  splice->limits = limits;
  splice->key = *key;
  splice->stride = threads;
  splice->cursor = index;
  splice->first_resting = splice->last_resting = NULL;
  splice->family = (uint16_t)family;
  qp_table_init(&splice->by_path, &by_path_type, &splice->key, NULL);
  qp_table_init(&splice->by_virtual, &by_virtual_type, &splice->key, NULL);
  pthread_mutex_init(&splice->mutex, NULL);
}

/** Whose a virtual address is, or was until it began to rest; null if it is free. */
static struct qp_client *holder_of(const struct qp_splice *splice, uint32_t virtual_ipv4)
{
  return qp_table_find(&splice->by_virtual, hash_ipv4(&splice->key, virtual_ipv4), &virtual_ipv4);
}

struct qp_client *qp_splice_client(const struct qp_splice *splice, uint32_t virtual_ipv4)
{
  struct qp_client *holder = holder_of(splice, virtual_ipv4);
  return holder && !holder->is_resting ? holder : NULL;
}

static uint32_t virtual_address(uint32_t index)
{
  uint32_t net = index / VIRTUAL_HOSTS;
  uint32_t host = index % VIRTUAL_HOSTS;
  return htonl(127u << 24 | ((net >> 8) + 1) << 16 | (net & 0xff) << 8 | (host + 1));
}

/** The next address that nobody holds, each before one comes up again; 0 if there is none. */
static uint32_t take_virtual(struct qp_splice *splice)
{
  uint32_t count = VIRTUAL_ADDRESSES / splice->stride;
  if (splice->by_virtual.count >= count)
    return 0;
  for (;;) {
    uint32_t index = qp_permutation_at(&splice->limits->order, VIRTUAL_ADDRESSES, splice->cursor);
    uint32_t address = virtual_address(index);
    splice->cursor += splice->stride;
    if (splice->cursor >= count * splice->stride)
      splice->cursor %= splice->stride;
    if (!holder_of(splice, address))
      return address;
  }
}

/** Its virtual address rests from now on. */
static void forget(struct qp_splice *splice, struct qp_client *client, int64_t now_ms)
{
  qp_table_remove(&splice->by_path, client);
  client->is_resting = true;
  client->rests_until_ms = now_ms + splice->limits->options.rest_ms;
  if (splice->last_resting)
    splice->last_resting->next_resting = client;
  else
    splice->first_resting = client;
  splice->last_resting = client;
  atomic_fetch_sub_explicit(&splice->limits->clients, 1, memory_order_relaxed);
}

static void end_rests(struct qp_splice *splice, int64_t now_ms)
{
  for (struct qp_client *client; (client = splice->first_resting) && client->rests_until_ms <= now_ms;) {
    splice->first_resting = client->next_resting;
    if (!splice->first_resting)
      splice->last_resting = NULL;
    qp_table_remove(&splice->by_virtual, client);
    free(client);
  }
}

static bool add_to_tables(struct qp_splice *splice, struct qp_client *client)
{
  if (!qp_table_add(&splice->by_path, client))
    return false;
  if (qp_table_add(&splice->by_virtual, client))
    return true;
  qp_table_remove(&splice->by_path, client);
  return false;
}

static struct qp_client *create(struct qp_splice *splice, const struct qp_path *path, int64_t now_ms)
{
  struct qp_client *client = calloc(1, sizeof *client);
  if (!client)
    return NULL;
  client->path = *path;
  client->name = qp_name_of_address(&path->peer, splice->family);
  pthread_mutex_lock(&splice->mutex);
  end_rests(splice, now_ms);
  client->virtual_ipv4 = take_virtual(splice);
  bool is_added = client->virtual_ipv4 && add_to_tables(splice, client);
  pthread_mutex_unlock(&splice->mutex);
  if (is_added)
    return client;
  free(client);
  return NULL;
}

/** Counts one client more, unless there are as many as there may be. */
static bool reserve(struct qp_splice_limits *limits)
{
  if (atomic_fetch_add_explicit(&limits->clients, 1, memory_order_relaxed) < limits->options.max_clients)
    return true;
  atomic_fetch_sub_explicit(&limits->clients, 1, memory_order_relaxed);
  return false;
}

static struct qp_client *admit_new(struct qp_splice *splice, const struct qp_path *path, int64_t now_ms,
                                   uint64_t now_ns, enum qp_counter *refusal)
{
  *refusal = QP_GATEWAY_FULL;
  if (!reserve(splice->limits))
    return NULL;
  struct qp_client *client = NULL;
  if (!qp_bucket_take(&splice->limits->creations, 1, now_ns))
    *refusal = QP_GATEWAY_RATE;
  else
    client = create(splice, path, now_ms);
  if (!client)
    atomic_fetch_sub_explicit(&splice->limits->clients, 1, memory_order_relaxed);
  return client;
}

struct qp_client *qp_splice_admit(struct qp_splice *splice, const struct qp_path *path, int64_t now_ms,
                                  uint64_t now_ns, enum qp_counter *refusal)
{
  struct qp_client *client = qp_table_find(&splice->by_path, qp_hash_path(&splice->key, path), path);
  if (!client)
    client = admit_new(splice, path, now_ms, now_ns, refusal);
  if (client)
    client->seen_at_ms = now_ms;
  return client;
}

static bool is_idle(const struct qp_splice_options *options, const struct qp_client *client, int64_t now_ms)
{
  bool is_new = client->datagrams < options->new_datagrams;
  return now_ms - client->seen_at_ms >= (is_new ? options->new_idle_ms : options->idle_ms);
}

void qp_splice_sweep(struct qp_splice *splice, int64_t now_ms)
{
  size_t cursor = 0;
  pthread_mutex_lock(&splice->mutex);
  for (struct qp_client *client; (client = qp_table_next(&splice->by_path, &cursor));)
    if (is_idle(&splice->limits->options, client, now_ms))
      forget(splice, client, now_ms);
  end_rests(splice, now_ms);
  pthread_mutex_unlock(&splice->mutex);
}

void qp_splice_clear(struct qp_splice *splice)
{
  size_t cursor = 0;
  pthread_mutex_lock(&splice->mutex);
  for (struct qp_client *client; (client = qp_table_next(&splice->by_path, &cursor));)
    forget(splice, client, 0);
  end_rests(splice, INT64_MAX);
  pthread_mutex_unlock(&splice->mutex);
}

void qp_splice_destroy(struct qp_splice *splice)
{
  qp_splice_clear(splice);
  qp_table_destroy(&splice->by_path);
  qp_table_destroy(&splice->by_virtual);
  pthread_mutex_destroy(&splice->mutex);
}

bool qp_splice_look_up(struct qp_splice *splice, uint32_t virtual_ipv4, struct qp_path *path)
{
  pthread_mutex_lock(&splice->mutex);
  const struct qp_client *client = qp_splice_client(splice, virtual_ipv4);
  if (client)
    *path = client->path;
  pthread_mutex_unlock(&splice->mutex);
  return client != NULL;
}
