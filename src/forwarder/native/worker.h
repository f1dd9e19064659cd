/* One I/O thread: its public socket, its socket towards the gateway, and the loop between them. */
#ifndef QP_WORKER_H
#define QP_WORKER_H

#include <pthread.h>

#include "io/inbox.h"
#include "packets/relay.h"

struct qp_worker {
  unsigned index;
  struct qp_relay relay;
  struct qp_inbox inbox;
  /** −1 where there is none. */
  int public_socket, upstream_socket;
  /** Signals the thread to end. */
  int stop_event;
  int epoll;
  pthread_t thread;
  bool is_running;
  /** The kernel's count of datagrams that found no room, as of the last that told it. */
  uint32_t overflows;
  int64_t sweep_interval_ms;
  uint64_t swept_at_ns;
  /** Milliseconds since the epoch to take for the time, for tests; null: the monotonic clock, with the epoch at its 0. */
  const _Atomic int64_t *clock;
  int64_t epoch_ms;
  /** The last fault of a socket that was reported. */
  int last_fault;
};

/** What time it is for the worker. Any thread. */
struct qp_now qp_worker_now(const struct qp_worker *worker);
/** Starts the thread; 0 or an `errno`. */
int qp_worker_start(struct qp_worker *worker);
/** Ends the thread, waits for that, and closes what the worker holds. */
void qp_worker_stop(struct qp_worker *worker);

#endif
