#include "networks.h"

#include <stdlib.h>
#include <string.h>

#include "../memory/address.h"

static uint64_t hash_network(const void *item, const void *context)
{
  return qp_siphash(context, ((const struct qp_network *)item)->prefix, 2);
}

static bool network_matches(const void *item, const void *key)
{
  return memcmp(((const struct qp_network *)item)->prefix, key, sizeof(((struct qp_network *)0)->prefix)) == 0;
}

static const struct qp_table_type network_type = { hash_network, network_matches };

void qp_networks_init(struct qp_networks *networks, const struct qp_hash_key *key)
{
  networks->key = *key;
  qp_table_init(&networks->table, &network_type, &networks->key, NULL);
}

void qp_networks_destroy(struct qp_networks *networks)
{
  qp_table_destroy(&networks->table);
}

static struct qp_network *add_network(struct qp_networks *networks, const uint64_t prefix[2])
{
  struct qp_network *network = calloc(1, sizeof *network);
  if (!network)
    return NULL;
  memcpy(network->prefix, prefix, sizeof network->prefix);
  if (qp_table_add(&networks->table, network))
    return network;
  free(network);
  return NULL;
}

struct qp_network *qp_network_join(struct qp_networks *networks, const uint64_t source[2])
{
  uint64_t prefix[2];
  qp_network_key(source, prefix);
  struct qp_network *network = qp_table_find(&networks->table, qp_siphash(&networks->key, prefix, 2), prefix);
  if (!network)
    network = add_network(networks, prefix);
  if (network)
    network->sources++;
  return network;
}

void qp_network_leave(struct qp_networks *networks, struct qp_network *network)
{
  if (--network->sources > 0)
    return;
  qp_table_remove(&networks->table, network);
  free(network);
}
