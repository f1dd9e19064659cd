/* The kernel's copy of the tables: the maps of bpf/maps.h, and the program that reads them. Control thread. */
#ifndef QP_KERNEL_H
#define QP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi.h"
#include "attachments.h"

struct qp_kernel_options {
  uint32_t max_routes, max_sessions, max_buckets;
  /** An empty folder in a bpf file system, or one that holds what an earlier process pinned there; null for no pins. */
  const char *pin_path;
};

struct qp_kernel {
  int program, routes, sources, locals, exits, sessions, buckets, processors, config, flows;
  uint32_t max_routes, max_sessions, max_buckets, processor_count;
  /** The maps `sessions`, `buckets` and `processors`, in memory. */
  struct qp_account *accounts;
  struct qp_bucket *by_subject;
  struct qp_processor *by_processor;
  /** Routes that found no room in the map and stay in user space. */
  uint64_t refused_routes;
  /** A source found no room, so that the program leaves unknown ones to user space. */
  bool may_lack_sources;
  struct qp_attachments attachments;
  /** The folder of the pins, locked for this process; −1 and null where nothing is pinned. */
  int pin_folder;
  char *pin_path;
  /** Why nothing is pinned although that was asked for: an `errno`, or 0. */
  int pin_error;
  /** Program and maps come from an earlier process, with what is in them. */
  bool is_adopted;
};

/**
 * Makes the maps and loads the program, or adopts those that are pinned; what is pinned and was made by another program
 * or for other sizes is replaced. 0 or an `errno`, ENOSYS in a build without XDP. Closed with `qp_kernel_close`.
 */
int qp_kernel_open(struct qp_kernel *kernel, const struct qp_kernel_options *options);
/**
 * Has the program forward what comes to this port, in network order, where it is attached; pins program and maps if
 * they are to be and were not adopted. 0 or an `errno`.
 */
int qp_kernel_start(struct qp_kernel *kernel, uint16_t port, bool is_source_checked);
/** What the program counted on all processors. */
uint64_t qp_kernel_total(const struct qp_kernel *kernel, enum qp_total total);
/** Lets go of program and maps, so that it detaches unless it is pinned; the memory can still be read. Idempotent. */
void qp_kernel_stop(struct qp_kernel *kernel);
/** Waits until no run of the program that has begun is still going on: some ms. */
void qp_kernel_synchronize(void);
/** Stops it and frees everything. Idempotent. */
void qp_kernel_close(struct qp_kernel *kernel);

#endif
