/*
 * When memory that the packet path reads may be freed (quiescent-state-based reclamation). The control thread takes
 * an object out of the tables first and retires it then; it is released once every I/O thread has passed a point
 * where it holds no reference. The packet path thus reads without locks and without counting references.
 */
#ifndef QP_GRACE_H
#define QP_GRACE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { QP_MAX_THREADS = 64 };

/** Embedded in whatever can be retired, so that retiring allocates nothing. */
struct qp_retired {
  struct qp_retired *next;
  uint64_t epoch;
  void (*release)(struct qp_retired *retired, void *owner);
  void *owner;
};

/** The epoch that a thread saw when it last began to read, or `QP_QUIET`; on a cache line of its own. */
struct qp_reader {
  _Alignas(64) _Atomic uint64_t seen;
};

#define QP_QUIET UINT64_MAX

struct qp_grace {
  _Atomic uint64_t epoch;
  unsigned threads;
  struct qp_reader readers[QP_MAX_THREADS];
  struct qp_retired *oldest;
  struct qp_retired **end;
};

void qp_grace_init(struct qp_grace *grace, unsigned threads);

/** An I/O thread begins to read the tables. */
void qp_grace_enter(struct qp_grace *grace, unsigned thread);
/** An I/O thread holds no reference any more. */
void qp_grace_leave(struct qp_grace *grace, unsigned thread);

/** Control thread: `retired` is out of every table; call `release` for it when nobody can see it any more. */
void qp_retire(struct qp_grace *grace, struct qp_retired *retired,
               void (*release)(struct qp_retired *, void *owner), void *owner);
/** Control thread: releases what can be. */
void qp_reclaim(struct qp_grace *grace);

#endif
