#include "settled.h"

static struct qp_network *network_of(const struct qp_place *place)
{
  return place->connection->share->network;
}

void qp_settle(struct qp_queue *settled, struct qp_place *place)
{
  qp_queue_append(settled, &place->in_all, place);
  network_of(place)->places++;
}

void qp_unsettle(struct qp_queue *settled, struct qp_place *place)
{
  qp_queue_take_out(settled, &place->in_all);
  network_of(place)->places--;
}

static bool is_more_dispensable(const struct qp_place *place, const struct qp_place *other)
{
  uint32_t places = network_of(place)->places, others = network_of(other)->places;
  return places > others || (places == others && qp_place_alive_at(place) < qp_place_alive_at(other));
}

struct qp_place *qp_most_dispensable(const struct qp_queue *settled, const struct qp_place *newest)
{
  struct qp_place *found = NULL;
  for (const struct qp_queue_link *link = settled->first; link; link = link->after)
    if (link->place != newest && (!found || is_more_dispensable(link->place, found)))
      found = link->place;
  return found;
}
