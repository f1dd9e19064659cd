#include "program.h"

#include <errno.h>

/* Part of Debian's libbpf-dev; whoever builds without it gets an addon that forwards in user space. */
#if __has_include(<bpf/skel_internal.h>)

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bpf/relay.skel.h"

/** A file of our own, as the skeleton closes its. */
static int keep(int file)
{
  return fcntl(file, F_DUPFD_CLOEXEC, 0);
}

static void keep_files(struct qp_kernel *kernel, const struct qp_relay *skeleton)
{
  kernel->program = keep(skeleton->progs.relay.prog_fd);
  kernel->routes = keep(skeleton->maps.routes.map_fd);
  kernel->sources = keep(skeleton->maps.sources.map_fd);
  kernel->locals = keep(skeleton->maps.locals.map_fd);
  kernel->exits = keep(skeleton->maps.exits.map_fd);
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

int qp_program_load(struct qp_kernel *kernel)
{
  struct qp_relay *skeleton = qp_relay__open();
  if (!skeleton)
    return errno;
  skeleton->maps.routes.max_entries = kernel->max_routes;
  /* A session that moves is at its new address before it is gone from the old one. */
  skeleton->maps.sources.max_entries = kernel->max_sessions + 1;
  skeleton->maps.sessions.max_entries = kernel->max_sessions;
  skeleton->maps.buckets.max_entries = kernel->max_buckets;
  skeleton->maps.flows.max_entries = kernel->max_sessions;
  skeleton->maps.processors.max_entries = kernel->processor_count;
  int result = qp_relay__load(skeleton);
  if (result == 0)
    keep_files(kernel, skeleton);
  qp_relay__destroy(skeleton);
  return -result;
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

#endif
