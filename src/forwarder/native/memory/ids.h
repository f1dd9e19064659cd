/*
 * The indexes of a table that threads read without locks, and the kernel where it has the table as well: one is given out
 * again only when nobody can have it in hand any more. Control thread.
 */
#ifndef QP_IDS_H
#define QP_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "grace.h"

#define QP_NO_ID UINT32_MAX

struct qp_ids {
  struct qp_grace *grace;
  bool are_in_kernel;
  uint32_t capacity;
  /** Ids that are free again, and from the end on those that the kernel may still have in hand. */
  uint32_t *free;
  uint32_t free_count, resting_count;
  /** Ids that were ever given out. */
  uint32_t given;
};

/** First in what an id is given out for, so that giving it back allocates nothing. */
struct qp_id {
  struct qp_retired retired;
  uint32_t number;
};

/** `ids` is zeroed; false if there is no memory. Freed with `qp_ids_destroy` in any case. */
bool qp_ids_init(struct qp_ids *ids, uint32_t capacity, struct qp_grace *grace, bool are_in_kernel);
void qp_ids_destroy(struct qp_ids *ids);

/** An id from 0 up, or `QP_NO_ID` if all are taken. */
uint32_t qp_ids_take(struct qp_ids *ids);
/** Takes this id, greater than any that was given out, and leaves those before it free: as an earlier process had them. */
void qp_ids_adopt(struct qp_ids *ids, uint32_t number);
/** `id` is out of every table. */
void qp_ids_give_back(struct qp_ids *ids, struct qp_id *id);

#endif
