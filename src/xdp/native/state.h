/* This process's handles on the kernel: the maps of bpf/maps.h, the program that reads them, and its attachments. */
#ifndef QP_KERNEL_STATE_H
#define QP_KERNEL_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "../../../bpf/abi.h"

struct qp_kernel_options {
  uint32_t max_routes, max_sessions, max_buckets;
  /** An empty folder in a bpf file system, or one with what an earlier process pinned; null for no pins. */
  const char *pin_path;
};

enum { QP_MAX_ATTACHMENTS = 64, QP_KERNEL_OBJECTS = 10 };

/** The interfaces to which the program is attached, with the links as files of this process. */
struct qp_attachments {
  uint32_t count;
  struct {
    unsigned interface_index;
    int link;
  } all[QP_MAX_ATTACHMENTS];
};

struct qp_kernel {
  /** The program and its maps as files; −1 for one that is closed. */
  union {
    struct {
      int program, routes, senders, local_addresses, redirect_targets, sessions, buckets, processors, config, flows;
    };
    int objects[QP_KERNEL_OBJECTS];
  };
  uint32_t max_routes, max_sessions, max_buckets, processor_count;
  /** The maps `sessions`, `buckets` and `processors` in memory. */
  struct qp_session_state *states;
  struct qp_bucket *by_subject;
  struct qp_processor *by_processor;
  /** Number of routes without room in the map, which stay in user space. */
  uint64_t refused_routes;
  /** Whether a sender found no room, so that the program leaves unknown senders to user space. */
  bool may_lack_senders;
  struct qp_attachments attachments;
  /** The folder of the pins, locked by this process, and its path; −1 and null if nothing is pinned. */
  int pin_folder;
  char *pin_path;
  /** Why requested pins are missing: an `errno`, or 0. */
  int pin_error;
  /** Whether program and maps come from an earlier process, with their contents. */
  bool is_adopted;
};

/** One that has nothing open. */
static inline struct qp_kernel qp_kernel_closed(void)
{
  return (struct qp_kernel){ .objects = { [0 ... QP_KERNEL_OBJECTS - 1] = -1 }, .pin_folder = -1 };
}

/** Records a link, for which there must be room, and takes ownership of it. */
static inline void qp_kernel_add_link(struct qp_kernel *kernel, unsigned interface_index, int link)
{
  uint32_t i = kernel->attachments.count++;
  kernel->attachments.all[i].interface_index = interface_index;
  kernel->attachments.all[i].link = link;
}

/** Closes program, maps and links, so that the program is detached where the links are not pinned. */
static inline void qp_kernel_close_objects(struct qp_kernel *kernel)
{
  while (kernel->attachments.count > 0)
    close(kernel->attachments.all[--kernel->attachments.count].link);
  for (int i = 0; i < QP_KERNEL_OBJECTS; i++) {
    if (kernel->objects[i] >= 0)
      close(kernel->objects[i]);
    kernel->objects[i] = -1;
  }
}

#endif
