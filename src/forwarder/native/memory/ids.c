#include "ids.h"

#include <string.h>

#include "../../../xdp/native/kernel.h"
#include "pages.h"

bool qp_ids_init(struct qp_ids *ids, uint32_t capacity, struct qp_grace *grace, bool are_in_kernel)
{
  ids->grace = grace;
  ids->are_in_kernel = are_in_kernel;
  ids->capacity = capacity;
  ids->free = qp_pages_allocate(capacity * sizeof *ids->free);
  return ids->free;
}

void qp_ids_destroy(struct qp_ids *ids)
{
  qp_pages_free(ids->free, ids->capacity * sizeof *ids->free);
}

/**
 * Makes all resting ids free again. The kernel is slow to synchronize, so this runs only when every other id is in use.
 */
static void wake_all(struct qp_ids *ids)
{
  const uint32_t *resting = ids->free + ids->capacity - ids->resting_count;
  if (ids->resting_count == 0)
    return;
  qp_kernel_synchronize();
  memmove(ids->free, resting, ids->resting_count * sizeof *resting);
  ids->free_count = ids->resting_count;
  ids->resting_count = 0;
}

uint32_t qp_ids_take(struct qp_ids *ids)
{
  qp_reclaim(ids->grace);
  if (ids->free_count == 0 && ids->given == ids->capacity)
    wake_all(ids);
  if (ids->free_count > 0)
    return ids->free[--ids->free_count];
  return ids->given < ids->capacity ? ids->given++ : QP_NO_ID;
}

void qp_ids_adopt(struct qp_ids *ids, uint32_t number)
{
  while (ids->given < number)
    ids->free[ids->free_count++] = ids->given++;
  ids->given = number + 1;
}

static void release(struct qp_retired *retired, void *owner)
{
  struct qp_ids *ids = owner;
  uint32_t slot = ids->are_in_kernel ? ids->capacity - ++ids->resting_count : ids->free_count++;
  ids->free[slot] = ((struct qp_id *)retired)->number;
}

void qp_ids_give_back(struct qp_ids *ids, struct qp_id *id)
{
  qp_retire(ids->grace, &id->retired, release, ids);
}
