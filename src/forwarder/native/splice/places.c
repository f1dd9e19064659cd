#include "places.h"

#include <stdlib.h>

#include "settled.h"

void qp_places_init(struct qp_places *places, const struct qp_place_limits *limits, const struct qp_hash_key *key)
{
  memset(places, 0, sizeof *places);
  pthread_mutex_init(&places->mutex, NULL);
  places->limits = *limits;
  qp_opening_rate_init(&places->rate, limits->per_second, limits->burst);
  qp_table_init(&places->shares, QP_KEY(struct qp_share, source), key, NULL);
  qp_table_init(&places->networks, QP_KEY(struct qp_network, prefix), key, NULL);
  qp_known_ids_init(&places->ids, key);
}

static void free_share(struct qp_places *places, struct qp_share *share)
{
  qp_network_leave(&places->networks, share->network);
  free(share);
}

void qp_places_destroy(struct qp_places *places)
{
  size_t cursor = 0;
  for (struct qp_share *share; (share = qp_table_next(&places->shares, &cursor));)
    free_share(places, share);
  qp_table_destroy(&places->shares);
  qp_table_destroy(&places->networks);
  qp_table_destroy(&places->ids);
  pthread_mutex_destroy(&places->mutex);
}

static void count_probation(struct qp_places *places)
{
  atomic_store_explicit(&places->count_on_probation, places->on_probation.count, memory_order_relaxed);
}

static void begin_probation(struct qp_places *places, struct qp_place *place)
{
  place->is_on_probation = true;
  qp_queue_append(&places->on_probation, &place->in_all, place);
  qp_queue_append(&place->connection->share->on_probation, &place->in_share, place);
  if (place->is_moved)
    qp_queue_append(&place->connection->moved, &place->in_moved, place);
  if (place->is_stranger)
    qp_queue_append(&places->strangers, &place->in_strangers, place);
  count_probation(places);
}

static void end_probation(struct qp_places *places, struct qp_place *place)
{
  place->is_on_probation = false;
  qp_queue_take_out(&places->on_probation, &place->in_all);
  qp_queue_take_out(&place->connection->share->on_probation, &place->in_share);
  if (place->is_moved)
    qp_queue_take_out(&place->connection->moved, &place->in_moved);
  if (place->is_stranger)
    qp_queue_take_out(&places->strangers, &place->in_strangers);
  count_probation(places);
}

/** Sets a connection's newest place; null for none. */
static void set_newest(struct qp_connection *connection, struct qp_place *place)
{
  if (connection->newest)
    atomic_store_explicit(&connection->newest->is_newest, false, memory_order_relaxed);
  connection->newest = place;
  if (place)
    atomic_store_explicit(&place->is_newest, true, memory_order_relaxed);
}

static void leave_connection(struct qp_place *place)
{
  struct qp_connection *connection = place->connection;
  place->connection = NULL;
  if (connection->newest == place)
    set_newest(connection, NULL);
  connection->share->places--;
  if (--connection->places == 0)
    free(connection);
}

static void leave(struct qp_places *places, struct qp_place *place)
{
  if (place->is_on_probation)
    end_probation(places, place);
  else
    qp_unsettle(&places->settled, place);
  qp_known_ids_forget(&places->ids, &place->used);
  leave_connection(place);
  atomic_fetch_sub_explicit(&places->count, 1, memory_order_relaxed);
}

static void give_up(struct qp_places *places, struct qp_place *place)
{
  leave(places, place);
  atomic_store_explicit(&place->is_given_up, true, memory_order_relaxed);
  atomic_fetch_add_explicit(&places->given_up, 1, memory_order_relaxed);
}

static void give_up_oldest(struct qp_places *places, const struct qp_queue *queue)
{
  if (queue->first)
    give_up(places, queue->first->place);
}

static void graduate(struct qp_places *places, struct qp_place *place)
{
  end_probation(places, place);
  qp_settle(&places->settled, place);
  struct qp_place *dispensable =
    places->settled.count > places->limits.max_settled ? qp_most_dispensable(&places->settled, place) : NULL;
  if (dispensable)
    give_up(places, dispensable);
}

/** Creates the share of a source's first place, which is taken from its rate. */
static struct qp_share *make_share(struct qp_places *places, const uint64_t source[2], bool is_stranger,
                                   uint64_t now_ns)
{
  struct qp_share *share = calloc(1, sizeof *share);
  if (!share)
    return NULL;
  memcpy(share->source, source, sizeof share->source);
  qp_opening_rate_init(&share->rate, places->limits.share_per_second, places->limits.burst);
  qp_opening_rate_take(&share->rate, is_stranger, now_ns);
  share->network = qp_network_join(&places->networks, source);
  if (share->network && qp_table_add(&places->shares, share))
    return share;
  if (share->network)
    qp_network_leave(&places->networks, share->network);
  free(share);
  return NULL;
}

static bool is_full(const struct qp_places *places)
{
  return atomic_load_explicit(&places->count, memory_order_relaxed) >= places->limits.max;
}

/**
 * Returns the reason to refuse a place, or `QP_ALLOWED`. The share, null for a new source, comes first: what it
 * refuses costs other sources nothing.
 */
static enum qp_counter refusal_for(struct qp_places *places, struct qp_share *share, bool is_stranger, uint64_t now_ns)
{
  if (share && share->places >= places->limits.max_of_share && share->on_probation.count == 0)
    return QP_GATEWAY_SHARE;
  if (is_full(places) && places->on_probation.count == 0)
    return QP_GATEWAY_FULL;
  if (share && !qp_opening_rate_take(&share->rate, is_stranger, now_ns))
    return is_stranger ? QP_GATEWAY_STRANGER_RATE : QP_GATEWAY_SHARE_RATE;
  if (!qp_opening_rate_take(&places->rate, is_stranger, now_ns))
    return is_stranger ? QP_GATEWAY_STRANGER_RATE : QP_GATEWAY_RATE;
  return QP_ALLOWED;
}

static void make_room(struct qp_places *places, const struct qp_connection *connection, bool is_stranger)
{
  const struct qp_place_limits *limits = &places->limits;
  const struct qp_share *share = connection->share;
  if (connection->moved.count >= QP_MOVED_PLACES)
    give_up_oldest(places, &connection->moved);
  if (share->places >= limits->max_of_share)
    give_up_oldest(places, &share->on_probation);
  if (is_stranger && places->strangers.count >= limits->max_strangers)
    give_up_oldest(places, &places->strangers);
  if (places->on_probation.count >= limits->max_on_probation || is_full(places))
    give_up_oldest(places, &places->on_probation);
}

/** Creates the connection of a first place; null if out of memory. */
static struct qp_connection *make_connection(struct qp_places *places, struct qp_share *share, const uint64_t source[2],
                                             bool is_stranger, uint64_t now_ns)
{
  if (!share && !(share = make_share(places, source, is_stranger, now_ns)))
    return NULL;
  struct qp_connection *connection = calloc(1, sizeof *connection);
  if (connection)
    connection->share = share;
  return connection;
}

/** `known` is the connection that the client continues, or null. */
static enum qp_counter open_locked(struct qp_places *places, struct qp_place *place, struct qp_connection *known,
                                   const uint64_t source[2], uint64_t now_ns)
{
  struct qp_share *share = known ? known->share : qp_table_find(&places->shares, source);
  enum qp_counter refusal = refusal_for(places, share, place->is_stranger, now_ns);
  if (refusal != QP_ALLOWED)
    return refusal;
  place->connection = known ? known : make_connection(places, share, source, place->is_stranger, now_ns);
  if (!place->connection)
    return QP_GATEWAY_FULL;
  /* Counted first, so that the connection stays even if its last other place makes room. */
  place->connection->places++;
  make_room(places, place->connection, place->is_stranger);
  begin_probation(places, place);
  set_newest(place->connection, place);
  place->connection->share->places++;
  place->connection->share->opened_at_ns = now_ns;
  atomic_fetch_add_explicit(&places->count, 1, memory_order_relaxed);
  return refusal;
}

bool qp_places_open(struct qp_places *places, struct qp_place *place, const struct qp_address *source, bool is_moving,
                    const uint8_t *data, uint32_t length, uint64_t now_ns, enum qp_counter *refusal)
{
  uint64_t name[2];
  qp_source_key(source, name);
  uint64_t prefix = 0;
  bool has_id = is_moving && qp_read_id_prefix(data, length, &prefix);
  pthread_mutex_lock(&places->mutex);
  struct qp_connection *known = has_id ? qp_known_ids_find(&places->ids, prefix) : NULL;
  place->is_moved = known != NULL;
  place->is_stranger = is_moving && !known;
  *refusal = open_locked(places, place, known, name, now_ns);
  /* The ID in the packet stays known as long as the place does. */
  if (*refusal == QP_ALLOWED && known)
    qp_known_ids_use(&places->ids, &place->used, prefix, known);
  pthread_mutex_unlock(&places->mutex);
  return *refusal == QP_ALLOWED;
}

void qp_places_graduate(struct qp_places *places, struct qp_place *place)
{
  pthread_mutex_lock(&places->mutex);
  if (!qp_place_is_given_up(place))
    graduate(places, place);
  pthread_mutex_unlock(&places->mutex);
}

void qp_places_hear(struct qp_places *places, struct qp_place *place)
{
  if (qp_place_is_newest(place))
    return;
  pthread_mutex_lock(&places->mutex);
  if (!qp_place_is_given_up(place))
    set_newest(place->connection, place);
  pthread_mutex_unlock(&places->mutex);
}

void qp_places_note(struct qp_places *places, struct qp_place *place, const uint8_t *data, uint32_t length)
{
  uint64_t prefix;
  if (!qp_read_id_prefix(data, length, &prefix) || qp_is_newest_id(&place->used, prefix))
    return;
  pthread_mutex_lock(&places->mutex);
  if (!qp_place_is_given_up(place))
    qp_known_ids_use(&places->ids, &place->used, prefix, place->connection);
  pthread_mutex_unlock(&places->mutex);
}

void qp_places_close(struct qp_places *places, struct qp_place *place)
{
  pthread_mutex_lock(&places->mutex);
  if (!qp_place_is_given_up(place))
    leave(places, place);
  pthread_mutex_unlock(&places->mutex);
}

void qp_places_sweep(struct qp_places *places, uint64_t now_ns)
{
  const uint64_t half_second_ns = 500000000;
  uint64_t refill_ns = (uint64_t)(places->limits.burst / places->limits.share_per_second * 1e9);
  size_t cursor = 0;
  pthread_mutex_lock(&places->mutex);
  bool is_due = now_ns >= places->swept_at_ns + half_second_ns;
  if (is_due)
    places->swept_at_ns = now_ns;
  for (struct qp_share *share; is_due && (share = qp_table_next(&places->shares, &cursor));)
    if (share->places == 0 && now_ns >= share->opened_at_ns + refill_ns) {
      qp_table_remove(&places->shares, share);
      free_share(places, share);
    }
  pthread_mutex_unlock(&places->mutex);
}
