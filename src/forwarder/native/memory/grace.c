#include "grace.h"

#include <stdlib.h>

void qp_grace_init(struct qp_grace *grace, unsigned threads)
{
  grace->threads = threads;
  grace->oldest = NULL;
  grace->end = &grace->oldest;
  atomic_init(&grace->epoch, 1);
  for (unsigned i = 0; i < QP_MAX_THREADS; i++)
    atomic_init(&grace->readers[i].seen, QP_QUIET);
}

void qp_grace_enter(struct qp_grace *grace, unsigned thread)
{
  uint64_t epoch = atomic_load(&grace->epoch);
  uint64_t latest;
  /* Checked again: an epoch that began before `seen` was written may have been reclaimed already. */
  for (;; epoch = latest) {
    atomic_exchange(&grace->readers[thread].seen, epoch);
    latest = atomic_load(&grace->epoch);
    if (latest == epoch)
      return;
  }
}

void qp_grace_leave(struct qp_grace *grace, unsigned thread)
{
  atomic_store_explicit(&grace->readers[thread].seen, QP_QUIET, memory_order_release);
}

void qp_retire(struct qp_grace *grace, struct qp_retired *retired, void (*release)(struct qp_retired *, void *owner),
               void *owner)
{
  retired->next = NULL;
  retired->release = release;
  retired->owner = owner;
  retired->epoch = atomic_fetch_add(&grace->epoch, 1) + 1;
  *grace->end = retired;
  grace->end = &retired->next;
}

static void free_retired(struct qp_retired *retired, void *owner)
{
  (void)owner;
  free(retired);
}

void qp_retire_memory(struct qp_grace *grace, struct qp_retired *retired)
{
  qp_retire(grace, retired, free_retired, NULL);
}

/** Returns the earliest epoch in which a thread may still be reading. */
static uint64_t earliest_seen(struct qp_grace *grace)
{
  uint64_t earliest = QP_QUIET;
  for (unsigned i = 0; i < grace->threads; i++) {
    uint64_t seen = atomic_load(&grace->readers[i].seen);
    if (seen < earliest)
      earliest = seen;
  }
  return earliest;
}

void qp_reclaim(struct qp_grace *grace)
{
  uint64_t earliest = grace->oldest ? earliest_seen(grace) : 0;
  while (grace->oldest && grace->oldest->epoch <= earliest) {
    struct qp_retired *retired = grace->oldest;
    grace->oldest = retired->next;
    if (!grace->oldest)
      grace->end = &grace->oldest;
    retired->release(retired, retired->owner);
  }
}
