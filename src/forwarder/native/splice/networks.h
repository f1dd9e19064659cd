/* The networks that gateway clients come from, and how many places past probation each has. */
#ifndef QP_NETWORKS_H
#define QP_NETWORKS_H

#include "../memory/siphash.h"
#include "../memory/table.h"

struct qp_network {
  /** As `qp_network_key` gives it. */
  uint64_t prefix[2];
  /** Its places past probation, and its sources that are known: it ends with the last of these. */
  uint32_t places, sources;
};

struct qp_networks {
  struct qp_hash_key key;
  struct qp_table table;
};

void qp_networks_init(struct qp_networks *networks, const struct qp_hash_key *key);
/** All sources are gone. */
void qp_networks_destroy(struct qp_networks *networks);

/** The network of a source, which is one more of it from now on; null if there is no memory. */
struct qp_network *qp_network_join(struct qp_networks *networks, const uint64_t source[2]);
/** A source of it is gone. */
void qp_network_leave(struct qp_networks *networks, struct qp_network *network);

#endif
