#include "splice.h"

#include <stdlib.h>

enum {
  /* 127.1.0.1 to 127.255.255.254, without .0 and .255. 127.0.0.0/16 is left to the system and its services. */
  VIRTUAL_HOSTS = 254,
  VIRTUAL_NETS = 255 * 256,
  VIRTUAL_ADDRESSES = VIRTUAL_NETS * VIRTUAL_HOSTS,
};

void qp_splice_limits_init(struct qp_splice_limits *limits, const struct qp_splice_options *options,
                           const struct qp_permutation_key *order, const struct qp_hash_key *key)
{
  limits->options = *options;
  limits->order = *order;
  qp_places_init(&limits->places, &options->places, key);
}

void qp_splice_limits_destroy(struct qp_splice_limits *limits)
{
  qp_places_destroy(&limits->places);
}

void qp_splice_init(struct qp_splice *splice, struct qp_splice_limits *limits, const struct qp_hash_key *key,
                    unsigned index, unsigned threads, int family)
{
  splice->limits = limits;
  splice->stride = threads;
  splice->cursor = index;
  splice->first_resting = NULL;
  splice->resting_end = &splice->first_resting;
  splice->family = (uint16_t)family;
  qp_table_init(&splice->by_path, QP_KEY(struct qp_client, path), key, NULL);
  qp_table_init(&splice->by_virtual, QP_KEY(struct qp_client, virtual_ipv4), key, NULL);
  pthread_mutex_init(&splice->mutex, NULL);
}

/** Returns the client that has a virtual address, or had it until it began to rest; null if it is free. */
static struct qp_client *holder_of(const struct qp_splice *splice, uint64_t virtual_ipv4)
{
  return qp_table_find(&splice->by_virtual, &virtual_ipv4);
}

struct qp_client *qp_splice_client(const struct qp_splice *splice, uint32_t virtual_ipv4)
{
  struct qp_client *holder = holder_of(splice, virtual_ipv4);
  return holder && !holder->is_resting && !qp_place_is_given_up(&holder->place) ? holder : NULL;
}

static uint32_t virtual_address(uint32_t index)
{
  uint32_t net = index / VIRTUAL_HOSTS;
  uint32_t host = index % VIRTUAL_HOSTS;
  return htonl(127u << 24 | ((net >> 8) + 1) << 16 | (net & 0xff) << 8 | (host + 1));
}

/** Returns the next free address; each comes up once before any comes up again. 0 if there is none. */
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

/** Forgets a client. Its virtual address begins to rest. */
static void forget(struct qp_splice *splice, struct qp_client *client, int64_t now_ms)
{
  qp_places_close(&splice->limits->places, &client->place);
  qp_table_remove(&splice->by_path, client);
  client->is_resting = true;
  client->rests_until_ms = now_ms + splice->limits->options.rest_ms;
  *splice->resting_end = client;
  splice->resting_end = &client->next_resting;
}

static void end_rests(struct qp_splice *splice, int64_t now_ms)
{
  for (struct qp_client *client; (client = splice->first_resting) && client->rests_until_ms <= now_ms;) {
    splice->first_resting = client->next_resting;
    if (!splice->first_resting)
      splice->resting_end = &splice->first_resting;
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

/** Assigns a virtual address to a client with a place. On failure frees the client and returns null. */
static struct qp_client *create(struct qp_splice *splice, struct qp_client *client, int64_t now_ms)
{
  pthread_mutex_lock(&splice->mutex);
  end_rests(splice, now_ms);
  client->virtual_ipv4 = take_virtual(splice);
  bool is_added = client->virtual_ipv4 && add_to_tables(splice, client);
  pthread_mutex_unlock(&splice->mutex);
  if (is_added)
    return client;
  qp_places_close(&splice->limits->places, &client->place);
  free(client);
  return NULL;
}

static struct qp_client *admit_new(struct qp_splice *splice, const struct qp_path *path, const uint8_t *data,
                                   uint32_t length, int64_t now_ms, uint64_t now_ns, enum qp_counter *refusal)
{
  enum qp_arrival arrival = qp_arrival_of(data, length);
  *refusal = QP_GATEWAY_NO_OPENING;
  if (arrival == QP_ARRIVAL_NONE)
    return NULL;
  *refusal = QP_GATEWAY_FULL;
  struct qp_client *client = calloc(1, sizeof *client);
  if (!client)
    return NULL;
  client->path = *path;
  qp_place_is_alive(&client->place, now_ms);
  client->name = qp_name_of_address(&path->peer, splice->family);
  qp_probation_begin(&client->probation, arrival);
  bool is_moving = arrival == QP_ARRIVAL_MOVING;
  if (!qp_places_open(&splice->limits->places, &client->place, &path->peer, is_moving, data, length, now_ns, refusal)) {
    free(client);
    return NULL;
  }
  *refusal = QP_GATEWAY_FULL;
  return create(splice, client, now_ms);
}

/**
 * Reports whether a packet from a client's address is no longer the client's: its place has gone to a newer one, or its
 * connection has moved and `data` begins another.
 */
static bool has_left(const struct qp_client *client, const uint8_t *data, uint32_t length)
{
  const struct qp_place *place = &client->place;
  return qp_place_is_given_up(place) ||
         (!qp_place_is_newest(place) && qp_arrival_of(data, length) == QP_ARRIVAL_BEGINNING);
}

/** Returns the client at the peer of `path`, which sent `data`, or null. */
static struct qp_client *find(struct qp_splice *splice, const struct qp_path *path, const uint8_t *data,
                              uint32_t length, int64_t now_ms)
{
  struct qp_client *client = qp_table_find(&splice->by_path, path);
  if (!client || !has_left(client, data, length))
    return client;
  pthread_mutex_lock(&splice->mutex);
  forget(splice, client, now_ms);
  pthread_mutex_unlock(&splice->mutex);
  return NULL;
}

struct qp_client *qp_splice_admit(struct qp_splice *splice, const struct qp_path *path, const uint8_t *data,
                                  uint32_t length, int64_t now_ms, uint64_t now_ns, enum qp_counter *refusal)
{
  struct qp_client *client = find(splice, path, data, length, now_ms);
  if (!client)
    client = admit_new(splice, path, data, length, now_ms, now_ns, refusal);
  if (!client)
    return NULL;
  atomic_store_explicit(&client->seen_at_ms, now_ms, memory_order_relaxed);
  if (client->is_answered)
    qp_place_is_alive(&client->place, now_ms);
  client->is_answered = false;
  qp_places_hear(&splice->limits->places, &client->place);
  return client;
}

void qp_splice_sent(struct qp_splice *splice, struct qp_client *client, const uint8_t *data, uint32_t length)
{
  struct qp_places *places = &splice->limits->places;
  if (!client->has_answered && qp_probation_sent(&client->probation, data, length)) {
    client->has_answered = true;
    qp_places_graduate(places, &client->place);
  }
  if (client->has_answered)
    qp_places_note(places, &client->place, data, length);
}

void qp_splice_answered(struct qp_client *client, const uint8_t *data, uint32_t length, uint32_t segment_bytes)
{
  for (uint32_t at = 0; at < length; at += segment_bytes) {
    uint32_t left = length - at;
    /* After the handshake, a long header is no more than the gateway sends to anyone. */
    client->is_answered |= !client->has_answered || data[at] < 0x80;
    if (!client->has_answered)
      qp_probation_answered(&client->probation, data + at, left < segment_bytes ? left : segment_bytes);
    else if (client->is_answered)
      return;
  }
}

/**
 * Reports whether a client may be silent for long: it has answered the gateway, or a known connection is at its
 * address. With forged addresses a client claims at most one such place, and only while it sends from nowhere else.
 */
static bool is_settled(const struct qp_client *client)
{
  return client->has_answered || (client->place.is_moved && qp_place_is_newest(&client->place));
}

static int64_t silence_ms(const struct qp_client *client, int64_t now_ms)
{
  return now_ms - atomic_load_explicit(&client->seen_at_ms, memory_order_relaxed);
}

static bool is_idle(const struct qp_splice_options *options, const struct qp_client *client, int64_t now_ms)
{
  int64_t idle_ms = is_settled(client) ? options->idle_ms : options->new_idle_ms;
  return qp_place_is_given_up(&client->place) || now_ms - qp_place_alive_at(&client->place) >= idle_ms;
}

void qp_splice_sweep(struct qp_splice *splice, int64_t now_ms, uint64_t now_ns)
{
  size_t cursor = 0;
  pthread_mutex_lock(&splice->mutex);
  for (struct qp_client *client; (client = qp_table_next(&splice->by_path, &cursor));)
    if (is_idle(&splice->limits->options, client, now_ms))
      forget(splice, client, now_ms);
  end_rests(splice, now_ms);
  pthread_mutex_unlock(&splice->mutex);
  qp_places_sweep(&splice->limits->places, now_ns);
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

/**
 * Reports whether a client is at its address. A client that continues elsewhere under an unknown connection ID has left
 * too, and is silent here.
 */
static bool is_there(const struct qp_splice *splice, const struct qp_client *client, int64_t now_ms)
{
  return qp_place_is_newest(&client->place) && silence_ms(client, now_ms) < splice->limits->options.presence_ms;
}

bool qp_splice_look_up(struct qp_splice *splice, uint32_t virtual_ipv4, int64_t now_ms, struct qp_client_view *view)
{
  pthread_mutex_lock(&splice->mutex);
  const struct qp_client *client = qp_splice_client(splice, virtual_ipv4);
  if (client)
    *view = (struct qp_client_view){ client->path, is_there(splice, client, now_ms) };
  pthread_mutex_unlock(&splice->mutex);
  return client != NULL;
}
