/*
 * Decides when memory that the packet path reads may be freed (quiescent-state-based reclamation). The control thread
 * first removes an object from the tables and then retires it. The object is released once every I/O thread has passed
 * a point at which it holds no reference. The packet path thus reads without locks or reference counts.
 */
#ifndef QP_GRACE_H
#define QP_GRACE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { QP_MAX_THREADS = 64 };

/** Embedded in objects that can be retired, so that retiring allocates nothing. */
struct qp_retired {
  struct qp_retired *next;
  uint64_t epoch;
  void (*release)(struct qp_retired *retired, void *owner);
  void *owner;
};

/** The epoch that a thread saw when it last began to read, or `QP_QUIET`; on its own cache line. */
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

/** I/O thread: begins reading the tables. */
void qp_grace_enter(struct qp_grace *grace, unsigned thread);
/** I/O thread: holds no reference any more. */
void qp_grace_leave(struct qp_grace *grace, unsigned thread);

/** Control thread: retires an object that is out of every table. Calls `release` once no thread can see the object. */
void qp_retire(struct qp_grace *grace, struct qp_retired *retired, void (*release)(struct qp_retired *, void *owner),
               void *owner);
/** Control thread: retires memory of `malloc` that begins with `retired`, and frees it likewise. */
void qp_retire_memory(struct qp_grace *grace, struct qp_retired *retired);
/** Control thread: releases what no thread can see any more. */
void qp_reclaim(struct qp_grace *grace);

#endif
