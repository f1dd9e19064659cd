/*
 * The queue from the I/O threads to JavaScript, for STUN messages and for faults of the sockets. The queue is bounded:
 * upcalls are refused while JavaScript is behind, and each payer has a share of the places. The rules are those of
 * src/forwarder/stun/queue.ts.
 */
#ifndef QP_UPCALLS_H
#define QP_UPCALLS_H

#include <pthread.h>

#include "../memory/address.h"
#include "../memory/counters.h"

/** The number of waiting upcalls that one payer pays for, and the limit on it. */
struct qp_upcall_share {
  uint32_t *waiting;
  uint32_t max;
};

struct qp_upcall {
  struct qp_upcall *next;
  /** The path that the datagram arrived on. */
  struct qp_path path;
  /** 0 for a datagram, or else the `errno` of a fault, and the call that failed. */
  int error;
  const char *call;
  /** The number of waiting upcalls in its share, this one included; null for a fault. */
  uint32_t *waiting;
  size_t length;
  uint8_t data[];
};

struct qp_upcalls {
  pthread_mutex_t mutex;
  struct qp_upcall *first;
  struct qp_upcall **end;
  uint32_t count, max;
  /** Called by an I/O thread for the first upcall in an empty queue; must not block. */
  void (*wake)(void *context);
  void *context;
};

/** @param max limit on waiting upcalls. */
void qp_upcalls_init(struct qp_upcalls *upcalls, uint32_t max, void (*wake)(void *context), void *context);
void qp_upcalls_destroy(struct qp_upcalls *upcalls);

/**
 * I/O thread. The counter in `share` must outlive the upcall. Returns `QP_ALLOWED`, or `QP_STUN_OVER_SHARE` or
 * `QP_STUN_OVERLOADED` if there is no room.
 */
enum qp_counter qp_upcall_datagram(struct qp_upcalls *upcalls, const uint8_t *data, size_t length,
                                   const struct qp_path *path, const struct qp_upcall_share *share);
/** I/O thread. Discards the fault if there is no room, as JavaScript then has plenty to read. */
void qp_upcall_fault(struct qp_upcalls *upcalls, int error, const char *call);

/** Control thread: takes up to `max` upcalls in order. The caller frees each. */
struct qp_upcall *qp_upcalls_take(struct qp_upcalls *upcalls, size_t max);

#endif
