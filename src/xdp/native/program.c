#include "program.h"

#include <errno.h>

/* Part of Debian's libbpf-dev. A build without it forwards only in user space. */
#if __has_include(<bpf/skel_internal.h>)

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../bpf/relay.skel.h"
#include "calls.h"

/** Duplicates a file, as the skeleton closes its own. */
static int keep(int file)
{
  return fcntl(file, F_DUPFD_CLOEXEC, 0);
}

static void keep_files(struct qp_kernel *kernel, const struct qp_relay *skeleton)
{
  kernel->program = keep(skeleton->progs.relay.prog_fd);
  kernel->routes = keep(skeleton->maps.routes.map_fd);
  kernel->senders = keep(skeleton->maps.senders.map_fd);
  kernel->local_addresses = keep(skeleton->maps.local_addresses.map_fd);
  kernel->redirect_targets = keep(skeleton->maps.redirect_targets.map_fd);
  kernel->sessions = keep(skeleton->maps.sessions.map_fd);
  kernel->buckets = keep(skeleton->maps.buckets.map_fd);
  kernel->processors = keep(skeleton->maps.processors.map_fd);
  kernel->config = keep(skeleton->maps.config.map_fd);
  kernel->flows = keep(skeleton->maps.flows.map_fd);
}

bool qp_program_exists(void)
{
  return true;
}

/** Loads the skeleton, with maps of the sizes of `sizes`. */
static int load(struct qp_relay *skeleton, const struct qp_kernel *sizes)
{
  skeleton->maps.routes.max_entries = sizes->max_routes;
  /* A session that moves is at its new address before it is gone from the old one. */
  skeleton->maps.senders.max_entries = sizes->max_sessions + 1;
  skeleton->maps.sessions.max_entries = sizes->max_sessions;
  skeleton->maps.buckets.max_entries = sizes->max_buckets;
  skeleton->maps.flows.max_entries = sizes->max_sessions;
  skeleton->maps.processors.max_entries = sizes->processor_count;
  return -qp_relay__load(skeleton);
}

int qp_program_load(struct qp_kernel *kernel)
{
  struct qp_relay *skeleton = qp_relay__open();
  if (!skeleton)
    return errno;
  int error = load(skeleton, kernel);
  if (!error)
    keep_files(kernel, skeleton);
  qp_relay__destroy(skeleton);
  return error;
}

int qp_program_tag(uint8_t tag[BPF_TAG_SIZE])
{
  const struct qp_kernel least = { .max_routes = 1, .max_sessions = 1, .max_buckets = 1, .processor_count = 1 };
  struct bpf_prog_info info = { 0 };
  struct qp_relay *skeleton = qp_relay__open();
  if (!skeleton)
    return errno;
  int error = load(skeleton, &least);
  if (!error)
    error = -qp_bpf_describe(skeleton->progs.relay.prog_fd, &info, sizeof info);
  memcpy(tag, info.tag, sizeof info.tag);
  qp_relay__destroy(skeleton);
  return error;
}

#else

bool qp_program_exists(void)
{
  return false;
}

int qp_program_load(struct qp_kernel *kernel)
{
  (void)kernel;
  return ENOSYS;
}

int qp_program_tag(uint8_t tag[BPF_TAG_SIZE])
{
  (void)tag;
  return ENOSYS;
}

#endif
