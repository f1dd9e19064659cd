/* The native backend: its tables, threads and sockets. Control thread, unless noted otherwise. */
#ifndef QP_FORWARDER_H
#define QP_FORWARDER_H

#include "../../xdp/native/kernel.h"
#include "io/socket.h"
#include "packets/relay.h"
#include "worker.h"

struct qp_forwarder_options {
  /** IP literal to bind; `::` also receives IPv4. */
  const char *host;
  uint16_t port;
  /** 1 to `QP_MAX_THREADS`. */
  unsigned threads;
  struct qp_socket_options socket;
  /** Whether the kernel may segment messages (UDP_SEGMENT), if it can. */
  bool may_segment;
  bool is_sender_checked;
  /** Number of ids, including those closed a moment ago. */
  uint32_t max_sessions, max_buckets;
  /** IPv4 literal on loopback; null for no gateway. */
  const char *upstream_host;
  uint16_t upstream_port;
  struct qp_splice_options splice;
  struct qp_stun_options stun;
  int64_t sweep_interval_ms;
  /** Null if only user space forwards. */
  const struct qp_kernel_options *kernel;
  /** For tests: the time in milliseconds since the epoch; null for the system's clock. */
  const _Atomic int64_t *clock;
  /** Milliseconds since the epoch at which the monotonic clock is 0. */
  int64_t epoch_ms;
  /** See `struct qp_upcalls`. */
  void (*wake)(void *context);
  void *context;
};

struct qp_forwarder {
  struct qp_tables tables;
  struct qp_address bound;
  unsigned threads;
  struct qp_worker *workers;
  struct qp_kernel kernel;
  /**
   * Whether the kernel has tables of this forwarder. If they were requested and it has none, `kernel_error` is the
   * `errno`.
   */
  bool has_kernel;
  int kernel_error;
};

/**
 * Creates the tables, including the kernel's if it permits them, and the workers, without sockets and threads. Returns
 * null if out of memory or if the tables of an earlier process cannot be adopted. Freed by `qp_forwarder_destroy`.
 */
struct qp_forwarder *qp_forwarder_create(const struct qp_forwarder_options *options);
/**
 * Opens the sockets and starts the threads. On failure fills in `failure`, closes what it opened, and returns false.
 */
bool qp_forwarder_start(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options,
                        struct qp_failure *failure);
/**
 * Ends the threads, closes the sockets, and ends forwarding in the kernel unless it is pinned. The tables and counters
 * stay readable. Idempotent.
 */
void qp_forwarder_stop(struct qp_forwarder *forwarder);
/** Frees everything. */
void qp_forwarder_destroy(struct qp_forwarder *forwarder);

/** Sends one datagram from the public socket. Returns 0 or an `errno`. */
int qp_forwarder_send(const struct qp_forwarder *forwarder, const struct qp_path *path, void *data, size_t length);
/** Looks up the gateway client behind a virtual address; false if there is none. */
bool qp_forwarder_client(struct qp_forwarder *forwarder, uint32_t virtual_ipv4, struct qp_client_view *client);
/** Returns the memory of the threads in bytes: their buffers and the state of a batch. */
size_t qp_forwarder_thread_bytes(const struct qp_forwarder *forwarder);
/** Returns the memory of routes and endpoints in bytes. */
size_t qp_forwarder_table_bytes(const struct qp_forwarder *forwarder);

#endif
