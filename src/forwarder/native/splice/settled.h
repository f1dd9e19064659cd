/* The places past probation, and how many of them are each network's. The same rules as src/forwarder/splice/settled.ts. */
#ifndef QP_SETTLED_H
#define QP_SETTLED_H

#include "place.h"

void qp_settle(struct qp_queue *settled, struct qp_place *place);
void qp_unsettle(struct qp_queue *settled, struct qp_place *place);

/**
 * Of the network that has most, `newest` counted, another one: that which has been without an answer for the longest. Null if
 * there is none.
 */
struct qp_place *qp_most_dispensable(const struct qp_queue *settled, const struct qp_place *newest);

#endif
