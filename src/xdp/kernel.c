#include "kernel.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program.h"

/** An initializer would leave what lies beyond its member as it is, which the kernel does not accept. */
static union bpf_attr *clear(union bpf_attr *attributes)
{
  return memset(attributes, 0, sizeof *attributes);
}

static int call_kernel(enum bpf_cmd command, union bpf_attr *attributes)
{
  long result = syscall(__NR_bpf, command, attributes, sizeof *attributes);
  return result < 0 ? -errno : (int)result;
}

static int set_element(int map, const void *key, const void *value)
{
  union bpf_attr attributes;
  clear(&attributes)->map_fd = (uint32_t)map;
  attributes.key = (uintptr_t)key;
  attributes.value = (uintptr_t)value;
  return call_kernel(BPF_MAP_UPDATE_ELEM, &attributes);
}

static int remove_element(int map, const void *key)
{
  union bpf_attr attributes;
  clear(&attributes)->map_fd = (uint32_t)map;
  attributes.key = (uintptr_t)key;
  return call_kernel(BPF_MAP_DELETE_ELEM, &attributes);
}

static void *map_memory(int map, size_t bytes)
{
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static size_t accounts_bytes(const struct qp_kernel *kernel)
{
  return kernel->max_sessions * sizeof *kernel->accounts;
}

static const struct qp_kernel closed = {
  .program = -1, .routes = -1,   .sources = -1, .locals = -1,
  .exits = -1,   .sessions = -1, .totals = -1,  .config = -1,
};

int qp_kernel_open(struct qp_kernel *kernel, const struct qp_kernel_options *options)
{
  const uint32_t first = 0;
  *kernel = closed;
  int error = qp_program_load(kernel, options);
  if (error)
    return error;
  kernel->max_sessions = options->max_sessions;
  kernel->accounts = map_memory(kernel->sessions, accounts_bytes(kernel));
  kernel->total_words = map_memory(kernel->totals, QP_TOTALS * sizeof(__u64));
  if (!kernel->accounts || !kernel->total_words)
    error = errno;
  else
    error = -set_element(kernel->config, &first, &options->config);
  if (error)
    qp_kernel_close(kernel);
  return error;
}

void qp_kernel_close(struct qp_kernel *kernel)
{
  if (kernel->accounts)
    munmap(kernel->accounts, accounts_bytes(kernel));
  if (kernel->total_words)
    munmap(kernel->total_words, QP_TOTALS * sizeof(__u64));
  const int files[] = { kernel->program, kernel->routes,   kernel->sources, kernel->locals,
                        kernel->exits,   kernel->sessions, kernel->totals,  kernel->config };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    if (files[i] >= 0)
      close(files[i]);
  *kernel = closed;
}

int qp_kernel_attach(const struct qp_kernel *kernel, unsigned interface_index, uint32_t flags)
{
  union bpf_attr attributes;
  clear(&attributes)->link_create.prog_fd = (uint32_t)kernel->program;
  attributes.link_create.target_ifindex = interface_index;
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = flags;
  return call_kernel(BPF_LINK_CREATE, &attributes);
}

/** All routes in one call; false if the kernel took none, or not all. */
static bool set_batch(const struct qp_kernel *kernel, const uint8_t *cids, uint32_t count, const uint32_t *values)
{
  union bpf_attr attributes;
  clear(&attributes)->batch.keys = (uintptr_t)cids;
  attributes.batch.values = (uintptr_t)values;
  attributes.batch.count = count;
  attributes.batch.map_fd = (uint32_t)kernel->routes;
  return call_kernel(BPF_MAP_UPDATE_BATCH, &attributes) == 0;
}

void qp_kernel_set_routes(struct qp_kernel *kernel, const uint8_t *cids, uint32_t count, uint32_t session)
{
  enum { AT_ONCE = 64 };
  uint32_t values[AT_ONCE];
  for (uint32_t i = 0; i < AT_ONCE; i++)
    values[i] = session;
  for (uint32_t done = 0; kernel && done < count;) {
    uint32_t wanted = count - done < AT_ONCE ? count - done : AT_ONCE;
    const uint8_t *from = cids + (size_t)done * sizeof(struct qp_cid);
    bool is_set = set_batch(kernel, from, wanted, values);
    /* Kernels before 5.6 have no batches, and a full map ends one. */
    for (uint32_t i = 0; i < wanted && !is_set; i++)
      if (set_element(kernel->routes, from + (size_t)i * sizeof(struct qp_cid), &session) < 0)
        kernel->refused_routes++;
    done += wanted;
  }
}

void qp_kernel_remove_route(struct qp_kernel *kernel, const uint8_t *cid)
{
  if (kernel)
    remove_element(kernel->routes, cid);
}

void qp_kernel_set_source(struct qp_kernel *kernel, const struct qp_source *source, uint32_t session)
{
  if (kernel)
    set_element(kernel->sources, source, &session);
}

void qp_kernel_remove_source(struct qp_kernel *kernel, const struct qp_source *source)
{
  if (kernel)
    remove_element(kernel->sources, source);
}

int qp_kernel_set_local(struct qp_kernel *kernel, const struct qp_ip *ip, bool is_local)
{
  const uint8_t yes = 1;
  return is_local ? set_element(kernel->locals, ip, &yes) : remove_element(kernel->locals, ip);
}

int qp_kernel_set_exit(struct qp_kernel *kernel, unsigned interface_index, bool is_exit)
{
  const uint32_t key = interface_index;
  return is_exit ? set_element(kernel->exits, &key, &key) : remove_element(kernel->exits, &key);
}
