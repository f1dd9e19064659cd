/* The networks of gateway clients, and the number of places past probation in each. */
#ifndef QP_NETWORKS_H
#define QP_NETWORKS_H

#include "../memory/table.h"

struct qp_network {
  /** In the form of `qp_network_key`. */
  uint64_t prefix[2];
  /** Its places past probation, and its known sources. The network is freed with its last source. */
  uint32_t places, sources;
};

/** Returns the network of a source, and counts the source in it; null if out of memory. */
struct qp_network *qp_network_join(struct qp_table *networks, const uint64_t source[2]);
/** Removes one source from its network. */
void qp_network_leave(struct qp_table *networks, struct qp_network *network);

#endif
