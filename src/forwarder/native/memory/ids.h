/*
 * Ids for the elements of a table that threads, and the kernel if it has the table, read without locks. An id is reused
 * only once no reader can hold it any more. Control thread.
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
  /** Free ids from the front, and from the back ids that the kernel may still hold. */
  uint32_t *free;
  uint32_t free_count, resting_count;
  /** How many ids were ever given out. */
  uint32_t given;
};

/** First member of an object with an id, so that giving the id back allocates nothing. */
struct qp_id {
  struct qp_retired retired;
  uint32_t number;
};

/** `ids` must be zeroed. Returns false if out of memory. Freed by `qp_ids_destroy` in either case. */
bool qp_ids_init(struct qp_ids *ids, uint32_t capacity, struct qp_grace *grace, bool are_in_kernel);
void qp_ids_destroy(struct qp_ids *ids);

/** Returns an id, counted from 0, or `QP_NO_ID` if all are taken. */
uint32_t qp_ids_take(struct qp_ids *ids);
/**
 * Takes the id `number`, which must exceed all given out so far, and leaves the skipped ones free. Restores the ids of
 * an earlier process.
 */
void qp_ids_adopt(struct qp_ids *ids, uint32_t number);
/** Gives back an id whose object is out of every table. */
void qp_ids_give_back(struct qp_ids *ids, struct qp_id *id);

#endif
