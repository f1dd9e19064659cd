#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "io/socket.h"

static uint64_t read_clock(clockid_t clock)
{
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

struct qp_now qp_worker_now(const struct qp_worker *worker)
{
  if (!worker->clock) {
    uint64_t ns = read_clock(CLOCK_MONOTONIC);
    return (struct qp_now){ worker->epoch_ms + (int64_t)(ns / 1000000), ns };
  }
  int64_t ms = atomic_load_explicit(worker->clock, memory_order_relaxed);
  return (struct qp_now){ ms, (uint64_t)ms * 1000000 };
}

static void flush(struct qp_worker *worker)
{
  qp_outbox_flush(&worker->relay.public_outbox, worker->public_socket);
  if (worker->upstream_socket >= 0)
    qp_outbox_flush(&worker->relay.upstream_outbox, worker->upstream_socket);
}

/** Reports a fault of the socket itself, once for consecutive faults of one kind. */
static void report_fault(struct qp_worker *worker, int error)
{
  if (error == EAGAIN || error == EINTR || error == ECONNREFUSED || error == worker->last_fault)
    return;
  worker->last_fault = error;
  qp_upcall_fault(&worker->relay.tables->upcalls, error, "recvmmsg");
}

static void receive_public(struct qp_worker *worker)
{
  uint32_t overflows = worker->overflows;
  int count = qp_inbox_receive(&worker->inbox, worker->public_socket, &overflows);
  if (count < 0)
    return report_fault(worker, errno);
  /* Unsigned, so that the kernel's count may wrap around. */
  qp_count(&worker->relay.counters, QP_OVERFLOWED, overflows - worker->overflows);
  worker->overflows = overflows;
  qp_relay_public(&worker->relay, worker->inbox.received, (unsigned)count, qp_worker_now(worker));
  flush(worker);
}

/** Corrects the counters while the gateway is down: datagrams counted as passed on come back as refused. */
static void take_refusals(struct qp_worker *worker)
{
  unsigned refused = qp_take_errors(worker->upstream_socket);
  qp_count(&worker->relay.counters, QP_GATEWAY_SEND_FAILED, refused);
  qp_count(&worker->relay.counters, QP_GATEWAY_IN, -(uint64_t)refused);
}

static void receive_upstream(struct qp_worker *worker)
{
  uint32_t overflows = 0;
  int count = qp_inbox_receive(&worker->inbox, worker->upstream_socket, &overflows);
  if (count < 0)
    return report_fault(worker, errno);
  qp_relay_upstream(&worker->relay, worker->inbox.received, (unsigned)count);
  flush(worker);
}

static void sweep(struct qp_worker *worker)
{
  uint64_t now_ns = read_clock(CLOCK_MONOTONIC);
  if (now_ns - worker->swept_at_ns < (uint64_t)worker->sweep_interval_ms * 1000000)
    return;
  worker->swept_at_ns = now_ns;
  struct qp_now now = qp_worker_now(worker);
  qp_splice_sweep(&worker->relay.splice, now.ms, now.ns);
}

/** Handles the events of one wait; false after the event that ends the thread. */
static bool handle(struct qp_worker *worker, const struct epoll_event *events, int count)
{
  for (int i = 0; i < count; i++) {
    int source = events[i].data.fd;
    if (source == worker->stop_event)
      return false;
    if (source == worker->upstream_socket && events[i].events & EPOLLERR)
      take_refusals(worker);
    if (source == worker->upstream_socket)
      receive_upstream(worker);
    else
      receive_public(worker);
  }
  return true;
}

static void *run(void *argument)
{
  struct qp_worker *worker = argument;
  struct qp_grace *grace = &worker->relay.tables->grace;
  struct epoll_event events[3];
  bool is_running = true;
  while (is_running) {
    int count = epoll_wait(worker->epoll, events, 3, (int)worker->sweep_interval_ms);
    qp_grace_enter(grace, worker->index);
    is_running = handle(worker, events, count);
    sweep(worker);
    qp_grace_leave(grace, worker->index);
  }
  return NULL;
}

static bool watch(int epoll, int source)
{
  struct epoll_event event = { .events = EPOLLIN, .data.fd = source };
  return source < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, source, &event) == 0;
}

int qp_worker_start(struct qp_worker *worker)
{
  worker->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  worker->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (worker->stop_event < 0 || worker->epoll < 0)
    return errno;
  if (!watch(worker->epoll, worker->stop_event) || !watch(worker->epoll, worker->public_socket) ||
      !watch(worker->epoll, worker->upstream_socket))
    return errno;
  worker->swept_at_ns = read_clock(CLOCK_MONOTONIC);
  /* Signals are for Node's own threads. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&worker->thread, NULL, run, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error)
    return error;
  worker->is_running = true;
  pthread_setname_np(worker->thread, "quicpipe-io");
  return 0;
}

static void close_if_open(int *file)
{
  if (*file >= 0)
    close(*file);
  *file = -1;
}

void qp_worker_stop(struct qp_worker *worker)
{
  if (worker->is_running) {
    eventfd_write(worker->stop_event, 1);
    pthread_join(worker->thread, NULL);
    worker->is_running = false;
  }
  /* JavaScript keeps this memory only while the forwarder is open. */
  worker->clock = NULL;
  close_if_open(&worker->epoll);
  close_if_open(&worker->stop_event);
  close_if_open(&worker->public_socket);
  close_if_open(&worker->upstream_socket);
}
