/*
 * The places past probation, and the number of them in each network. The same rules as src/forwarder/splice/settled.ts.
 */
#ifndef QP_SETTLED_H
#define QP_SETTLED_H

#include "place.h"

void qp_settle(struct qp_queue *settled, struct qp_place *place);
void qp_unsettle(struct qp_queue *settled, struct qp_place *place);

/**
 * Returns the place, other than `newest`, that is longest without an answer in the network with the most places,
 * `newest` counted. Null if there is none.
 */
struct qp_place *qp_most_dispensable(const struct qp_queue *settled, const struct qp_place *newest);

#endif
