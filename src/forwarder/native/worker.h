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
  /** −1 for none. */
  int public_socket, upstream_socket;
  /** Tells the thread to end. */
  int stop_event;
  int epoll;
  pthread_t thread;
  bool is_running;
  /** The kernel's count of datagrams dropped for lack of room, as last reported. */
  uint32_t overflows;
  int64_t sweep_interval_ms;
  uint64_t swept_at_ns;
  /** For tests: milliseconds since the epoch. Null for the monotonic clock, whose 0 is at `epoch_ms`. */
  const _Atomic int64_t *clock;
  int64_t epoch_ms;
  /** The last socket fault that was reported. */
  int last_fault;
};

/** Returns the worker's time. Any thread. */
struct qp_now qp_worker_now(const struct qp_worker *worker);
/** Starts the thread. Returns 0 or an `errno`. */
int qp_worker_start(struct qp_worker *worker);
/** Ends the thread, waits for it, and closes the worker's files. */
void qp_worker_stop(struct qp_worker *worker);

#endif
