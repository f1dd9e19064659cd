#include "networks.h"

#include <stdlib.h>
#include <string.h>

#include "../memory/address.h"

static struct qp_network *add_network(struct qp_table *networks, const uint64_t prefix[2])
{
  struct qp_network *network = calloc(1, sizeof *network);
  if (!network)
    return NULL;
  memcpy(network->prefix, prefix, sizeof network->prefix);
  return qp_table_keep(networks, network);
}

struct qp_network *qp_network_join(struct qp_table *networks, const uint64_t source[2])
{
  uint64_t prefix[2];
  qp_network_key(source, prefix);
  struct qp_network *network = qp_table_find(networks, prefix);
  if (!network)
    network = add_network(networks, prefix);
  if (network)
    network->sources++;
  return network;
}

void qp_network_leave(struct qp_table *networks, struct qp_network *network)
{
  if (--network->sources > 0)
    return;
  qp_table_remove(networks, network);
  free(network);
}
