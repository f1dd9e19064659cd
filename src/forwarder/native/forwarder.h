/* The native data plane as a whole: its tables, its threads, their sockets. Control thread, but for what says otherwise. */
#ifndef QP_FORWARDER_H
#define QP_FORWARDER_H

#include "../../xdp/native/kernel.h"
#include "io/socket.h"
#include "packets/relay.h"
#include "worker.h"

struct qp_forwarder_options {
  /** IP literal to bind; `::` takes IPv4 as well. */
  const char *host;
  uint16_t port;
  /** 1 to `QP_MAX_THREADS`. */
  unsigned threads;
  struct qp_socket_options socket;
  /** Whether to let the kernel segment what is sent (UDP_SEGMENT), where it can. */
  bool may_segment;
  bool is_source_checked;
  /** Ids there are, those included that have just been closed. */
  uint32_t max_sessions, max_buckets;
  /** IPv4 literal on loopback; null for no gateway. */
  const char *upstream_host;
  uint16_t upstream_port;
  struct qp_splice_options splice;
  struct qp_stun_options stun;
  int64_t sweep_interval_ms;
  /** Null: forward in user space alone. */
  const struct qp_kernel_options *kernel;
  /** For tests: milliseconds since the epoch to take for the time. */
  const _Atomic int64_t *clock;
  /** Milliseconds since the epoch as the monotonic clock is at 0. */
  int64_t epoch_ms;
  /** See `struct qp_reports`. */
  void (*wake)(void *context);
  void *context;
};

struct qp_forwarder {
  struct qp_tables tables;
  struct qp_address bound;
  unsigned threads;
  struct qp_worker *workers;
  struct qp_kernel kernel;
  /** Whether the kernel has tables of this forwarder, or why not although that was asked for: an `errno`. */
  bool has_kernel;
  int kernel_error;
};

/**
 * Makes the tables, those of the kernel too if it lets us, and the workers, without sockets and threads; null if there
 * is no memory. Freed with `qp_forwarder_destroy`.
 */
struct qp_forwarder *qp_forwarder_create(const struct qp_forwarder_options *options);
/** Opens the sockets and starts the threads; false with `failure` filled in, and what was opened closed again. */
bool qp_forwarder_start(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options,
                        struct qp_failure *failure);
/**
 * Ends the threads, closes the sockets, and ends what the kernel does unless it is pinned; the tables and counters can
 * still be read. Idempotent.
 */
void qp_forwarder_stop(struct qp_forwarder *forwarder);
/** Frees everything. */
void qp_forwarder_destroy(struct qp_forwarder *forwarder);

/** Sends one datagram out of the public socket; 0 or an `errno`. */
int qp_forwarder_send(const struct qp_forwarder *forwarder, const struct qp_path *path, void *data, size_t length);
/** The gateway client behind a virtual address; false if there is none. */
bool qp_forwarder_client(struct qp_forwarder *forwarder, uint32_t virtual_ipv4, struct qp_client_view *client);
/** Memory of the threads: their buffers and what they note for a batch, in bytes. */
size_t qp_forwarder_thread_bytes(const struct qp_forwarder *forwarder);
/** Memory of routes and endpoints, in bytes. */
size_t qp_forwarder_table_bytes(const struct qp_forwarder *forwarder);

#endif
