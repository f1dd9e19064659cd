#include "calls.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/** An initializer would leave the bytes beyond its member undefined, and the kernel rejects nonzero ones. */
static union bpf_attr *clear(union bpf_attr *attributes)
{
  return memset(attributes, 0, sizeof *attributes);
}

static int call(enum bpf_cmd command, union bpf_attr *attributes)
{
  long result = syscall(__NR_bpf, command, attributes, sizeof *attributes);
  return result < 0 ? -errno : (int)result;
}

/** Runs a command on one element of a map. Where a command finds the next key, that is in place of the value. */
static int call_element(enum bpf_cmd command, int map, const void *key, const void *value)
{
  union bpf_attr attributes;
  clear(&attributes)->map_fd = (uint32_t)map;
  attributes.key = (uintptr_t)key;
  attributes.value = (uintptr_t)value;
  return call(command, &attributes);
}

int qp_bpf_set(int map, const void *key, const void *value)
{
  return call_element(BPF_MAP_UPDATE_ELEM, map, key, value);
}

int qp_bpf_get(int map, const void *key, void *value)
{
  return call_element(BPF_MAP_LOOKUP_ELEM, map, key, value);
}

int qp_bpf_remove(int map, const void *key)
{
  return call_element(BPF_MAP_DELETE_ELEM, map, key, NULL);
}

int qp_bpf_next_key(int map, const void *key, void *next)
{
  return call_element(BPF_MAP_GET_NEXT_KEY, map, key, next);
}

int qp_bpf_set_batch(int map, const void *keys, const void *values, uint32_t count)
{
  union bpf_attr attributes;
  clear(&attributes)->batch.map_fd = (uint32_t)map;
  attributes.batch.keys = (uintptr_t)keys;
  attributes.batch.values = (uintptr_t)values;
  attributes.batch.count = count;
  return call(BPF_MAP_UPDATE_BATCH, &attributes);
}

int qp_bpf_get_batch(int map, uint32_t *cursor, int is_first, void *keys, void *values, uint32_t *count)
{
  union bpf_attr attributes;
  clear(&attributes)->batch.map_fd = (uint32_t)map;
  attributes.batch.in_batch = is_first ? 0 : (uintptr_t)cursor;
  attributes.batch.out_batch = (uintptr_t)cursor;
  attributes.batch.keys = (uintptr_t)keys;
  attributes.batch.values = (uintptr_t)values;
  attributes.batch.count = *count;
  int error = call(BPF_MAP_LOOKUP_BATCH, &attributes);
  *count = attributes.batch.count;
  return error;
}

int qp_bpf_describe(int file, void *info, uint32_t bytes)
{
  union bpf_attr attributes;
  clear(&attributes)->info.bpf_fd = (uint32_t)file;
  attributes.info.info_len = bytes;
  attributes.info.info = (uintptr_t)info;
  return call(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

int qp_bpf_open(const char *path)
{
  union bpf_attr attributes;
  clear(&attributes)->pathname = (uintptr_t)path;
  return call(BPF_OBJ_GET, &attributes);
}

int qp_bpf_pin(int file, const char *path)
{
  union bpf_attr attributes;
  clear(&attributes)->pathname = (uintptr_t)path;
  attributes.bpf_fd = (uint32_t)file;
  return call(BPF_OBJ_PIN, &attributes);
}

int qp_bpf_link(int program, unsigned interface_index, uint32_t flags)
{
  union bpf_attr attributes;
  clear(&attributes)->link_create.prog_fd = (uint32_t)program;
  attributes.link_create.target_ifindex = interface_index;
  attributes.link_create.attach_type = BPF_XDP;
  attributes.link_create.flags = flags;
  return call(BPF_LINK_CREATE, &attributes);
}

int qp_bpf_detach(int link)
{
  union bpf_attr attributes;
  clear(&attributes)->link_detach.link_fd = (uint32_t)link;
  return call(BPF_LINK_DETACH, &attributes);
}
