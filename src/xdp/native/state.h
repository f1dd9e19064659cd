/* This process's handles on the kernel: the maps of bpf/maps.h, the program that reads them, and its attachments. */
#ifndef QP_KERNEL_STATE_H
#define QP_KERNEL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../../bpf/abi.h"
#include "attachment-list.h"

struct qp_kernel_options {
  uint32_t max_routes, max_sessions, max_buckets;
  /** An empty folder in a bpf file system, or one with what an earlier process pinned; null for no pins. */
  const char *pin_path;
};

struct qp_kernel {
  int program, routes, sources, local_addresses, redirect_targets, sessions, buckets, processors, config, flows;
  uint32_t max_routes, max_sessions, max_buckets, processor_count;
  /** The maps `sessions`, `buckets` and `processors` in memory. */
  struct qp_account *accounts;
  struct qp_bucket *by_subject;
  struct qp_processor *by_processor;
  /** Number of routes without room in the map, which stay in user space. */
  uint64_t refused_routes;
  /** Whether a source found no room, so that the program leaves unknown sources to user space. */
  bool may_lack_sources;
  struct qp_attachments attachments;
  /** The folder of the pins, locked by this process, and its path; −1 and null if nothing is pinned. */
  int pin_folder;
  char *pin_path;
  /** Why requested pins are missing: an `errno`, or 0. */
  int pin_error;
  /** Whether program and maps come from an earlier process, with their contents. */
  bool is_adopted;
};

#endif
