#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "pinned.h"
#include "program.h"

static void *map_memory(int map, size_t bytes)
{
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static size_t states_bytes(const struct qp_kernel *kernel)
{
  return kernel->max_sessions * sizeof *kernel->states;
}

static size_t buckets_bytes(const struct qp_kernel *kernel)
{
  return kernel->max_buckets * sizeof *kernel->by_subject;
}

static size_t processors_bytes(const struct qp_kernel *kernel)
{
  return kernel->processor_count * sizeof *kernel->by_processor;
}

static void unmap_memories(struct qp_kernel *kernel)
{
  if (kernel->states)
    munmap(kernel->states, states_bytes(kernel));
  if (kernel->by_subject)
    munmap(kernel->by_subject, buckets_bytes(kernel));
  if (kernel->by_processor)
    munmap(kernel->by_processor, processors_bytes(kernel));
  kernel->states = NULL;
  kernel->by_subject = NULL;
  kernel->by_processor = NULL;
}

static int map_memories(struct qp_kernel *kernel)
{
  kernel->states = map_memory(kernel->sessions, states_bytes(kernel));
  kernel->by_subject = map_memory(kernel->buckets, buckets_bytes(kernel));
  kernel->by_processor = map_memory(kernel->processors, processors_bytes(kernel));
  return kernel->states && kernel->by_subject && kernel->by_processor ? 0 : errno;
}

static int open_new(struct qp_kernel *kernel)
{
  int error = qp_program_load(kernel);
  return error ? error : map_memories(kernel);
}

/** Returns the last number + 1 of ranges such as `0-3,8-11`, in order; 0 if they cannot be read. */
static uint32_t read_possible(void)
{
  unsigned last = 0, count = 0;
  FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
  while (file && fscanf(file, "%u%*[-,]", &last) == 1)
    count = last + 1;
  if (file)
    fclose(file);
  return count;
}

/**
 * Returns one more than the highest number that a processor may ever have, including those offline or not yet present.
 */
static uint32_t count_processors(void)
{
  uint32_t possible = read_possible();
  /* Packets that arrive on a processor beyond these go to user space. */
  return possible > 0 ? possible : (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
}

int qp_kernel_open(struct qp_kernel *kernel, const struct qp_kernel_options *options)
{
  *kernel = qp_kernel_closed();
  kernel->max_routes = options->max_routes;
  kernel->max_sessions = options->max_sessions;
  kernel->max_buckets = options->max_buckets;
  kernel->processor_count = count_processors();
  if (options->pin_path && qp_pinned_lock(kernel, options->pin_path)) {
    kernel->is_adopted = qp_pinned_adopt(kernel) && map_memories(kernel) == 0;
    if (!kernel->is_adopted) {
      unmap_memories(kernel);
      qp_pinned_clear(kernel);
    }
  }
  int error = kernel->is_adopted ? 0 : open_new(kernel);
  if (error)
    qp_kernel_close(kernel);
  return error;
}

int qp_kernel_start(struct qp_kernel *kernel, uint16_t port, bool is_sender_checked)
{
  const uint32_t first = 0;
  const struct qp_config config = {
    .version = QP_ABI_VERSION,
    .port = port,
    .is_sender_checked = is_sender_checked,
    .may_lack_senders = kernel->may_lack_senders,
  };
  int error = -qp_bpf_set(kernel->config, &first, &config);
  /* Not earlier: pins persist, and a relay that finds its port in use must leave none behind. */
  if (!error && kernel->pin_path && !kernel->is_adopted)
    qp_pinned_store(kernel);
  return error;
}

void qp_kernel_stop(struct qp_kernel *kernel)
{
  qp_kernel_close_objects(kernel);
  if (kernel->pin_folder >= 0)
    close(kernel->pin_folder);
  kernel->pin_folder = -1;
}

void qp_kernel_synchronize(void)
{
  /* Waits for an RCU grace period, which a run of an XDP program holds up. Not available with nohz_full. */
  const struct timespec longer_than_any_run = { .tv_nsec = 100000000 };
  if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
    nanosleep(&longer_than_any_run, NULL);
}

void qp_kernel_close(struct qp_kernel *kernel)
{
  qp_kernel_stop(kernel);
  unmap_memories(kernel);
  free(kernel->pin_path);
  *kernel = qp_kernel_closed();
}
