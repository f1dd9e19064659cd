#include "pinned.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "calls.h"
#include "program.h"

/** Names of the pins, in the order of `objects` in `struct qp_kernel`. */
static const char *const names[] = { "program",  "routes",  "senders",    "local_addresses", "redirect_targets",
                                     "sessions", "buckets", "processors", "config",          "flows" };

_Static_assert(sizeof names / sizeof names[0] == QP_KERNEL_OBJECTS, "each object has a name");

/** Name that earlier versions gave the pin of `senders`. */
static const char former_name[] = "sources";

enum { MAPS = QP_KERNEL_OBJECTS - 1 };

static const char link_prefix[] = "link-";

struct pin_path {
  char text[PATH_MAX];
};

static struct pin_path path_of(const struct qp_kernel *kernel, const char *name)
{
  struct pin_path path;
  snprintf(path.text, sizeof path.text, "%s/%s", kernel->pin_path, name);
  return path;
}

static struct pin_path link_path(const struct qp_kernel *kernel, unsigned interface_index)
{
  char name[sizeof link_prefix + 10];
  snprintf(name, sizeof name, "%s%u", link_prefix, interface_index);
  return path_of(kernel, name);
}

/** Continues without pins. */
static void give_up(struct qp_kernel *kernel, int error)
{
  kernel->pin_error = error;
  if (kernel->pin_folder >= 0)
    close(kernel->pin_folder);
  kernel->pin_folder = -1;
  free(kernel->pin_path);
  kernel->pin_path = NULL;
}

/** Files in a folder of another file system are not pins, and must not be removed as such. */
static bool is_for_pins(int folder)
{
  struct statfs info;
  if (fstatfs(folder, &info) != 0)
    return false;
  errno = EINVAL;
  return (uint32_t)info.f_type == BPF_FS_MAGIC;
}

/** Write access would allow forwarding any packets, and read access would show which peers talk to each other. */
static bool is_for_this_user(int folder)
{
  struct stat info;
  if (fstat(folder, &info) != 0)
    return false;
  errno = info.st_uid == geteuid() ? EACCES : EPERM;
  return info.st_uid == geteuid() && (info.st_mode & 0777) == 0700;
}

bool qp_pinned_lock(struct qp_kernel *kernel, const char *path)
{
  kernel->pin_path = strdup(path);
  kernel->pin_folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  bool is_ours = kernel->pin_path && kernel->pin_folder >= 0 && is_for_pins(kernel->pin_folder) &&
                 is_for_this_user(kernel->pin_folder) && flock(kernel->pin_folder, LOCK_EX | LOCK_NB) == 0;
  if (!is_ours)
    give_up(kernel, errno);
  return is_ours;
}

static uint32_t entries_of(const struct qp_kernel *kernel, int map)
{
  if (map == kernel->routes)
    return kernel->max_routes;
  if (map == kernel->senders)
    return kernel->max_sessions + 1;
  if (map == kernel->buckets)
    return kernel->max_buckets;
  if (map == kernel->processors)
    return kernel->processor_count;
  return map == kernel->sessions || map == kernel->flows ? kernel->max_sessions : 0;
}

/** Reports whether a map belongs to the program and, if its size is configurable, has the requested size. */
static bool is_map_of(const struct qp_kernel *kernel, int map, const uint32_t ids[MAPS])
{
  struct bpf_map_info info = { 0 };
  uint32_t entries = entries_of(kernel, map);
  bool is_used = false;
  if (qp_bpf_describe(map, &info, sizeof info) < 0)
    return false;
  for (size_t i = 0; i < MAPS; i++)
    is_used |= ids[i] == info.id;
  return is_used && (entries == 0 || entries == info.max_entries);
}

static bool is_this_build(const struct bpf_prog_info *pinned)
{
  uint8_t tag[BPF_TAG_SIZE];
  return qp_program_tag(tag) == 0 && memcmp(tag, pinned->tag, sizeof tag) == 0;
}

static bool is_whole(const struct qp_kernel *kernel)
{
  const uint32_t first = 0;
  uint32_t ids[MAPS] = { 0 };
  struct qp_config config = { 0 };
  struct bpf_prog_info program = { .nr_map_ids = MAPS, .map_ids = (uintptr_t)ids };
  if (qp_bpf_describe(kernel->program, &program, sizeof program) < 0 || !is_this_build(&program))
    return false;
  for (size_t i = 0; i < QP_KERNEL_OBJECTS; i++)
    if (kernel->objects[i] != kernel->program && !is_map_of(kernel, kernel->objects[i], ids))
      return false;
  return qp_bpf_get(kernel->config, &first, &config) == 0 && config.version == QP_ABI_VERSION;
}

/** Calls `visit` with the interface index of each pinned link. */
static void each_link(struct qp_kernel *kernel, void (*visit)(struct qp_kernel *kernel, unsigned interface_index))
{
  DIR *folder = opendir(kernel->pin_path);
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    if (strncmp(entry->d_name, link_prefix, sizeof link_prefix - 1) == 0)
      visit(kernel, (unsigned)strtoul(entry->d_name + sizeof link_prefix - 1, NULL, 10));
  if (folder)
    closedir(folder);
}

static bool is_link_of(const struct qp_kernel *kernel, int link, unsigned interface_index)
{
  struct bpf_link_info info = { 0 };
  struct bpf_prog_info program = { 0 };
  return qp_bpf_describe(link, &info, sizeof info) == 0 &&
         qp_bpf_describe(kernel->program, &program, sizeof program) == 0 && info.type == BPF_LINK_TYPE_XDP &&
         info.prog_id == program.id && info.xdp.ifindex == interface_index;
}

/** Adopts a pinned link, or removes its pin: the interface may be gone by now. */
static void adopt_link(struct qp_kernel *kernel, unsigned interface_index)
{
  int link = qp_bpf_open(link_path(kernel, interface_index).text);
  bool has_room = kernel->attachments.count < QP_MAX_ATTACHMENTS;
  if (link >= 0 && has_room && is_link_of(kernel, link, interface_index)) {
    qp_kernel_add_link(kernel, interface_index, link);
    return;
  }
  qp_pinned_remove_link(kernel, interface_index);
  if (link >= 0)
    close(link);
}

bool qp_pinned_adopt(struct qp_kernel *kernel)
{
  bool is_there = true;
  for (size_t i = 0; i < QP_KERNEL_OBJECTS; i++) {
    int file = qp_bpf_open(path_of(kernel, names[i]).text);
    kernel->objects[i] = file < 0 ? -1 : file;
    is_there &= file >= 0;
  }
  if (is_there && is_whole(kernel))
    each_link(kernel, adopt_link);
  else
    qp_kernel_close_objects(kernel);
  return kernel->program >= 0;
}

static void unpin_link(struct qp_kernel *kernel, unsigned interface_index)
{
  int link = qp_bpf_open(link_path(kernel, interface_index).text);
  if (link >= 0) {
    qp_bpf_detach(link);
    close(link);
  }
  qp_pinned_remove_link(kernel, interface_index);
}

void qp_pinned_clear(struct qp_kernel *kernel)
{
  qp_kernel_close_objects(kernel);
  each_link(kernel, unpin_link);
  for (size_t i = 0; i < QP_KERNEL_OBJECTS; i++)
    unlink(path_of(kernel, names[i]).text);
  unlink(path_of(kernel, former_name).text);
}

void qp_pinned_store(struct qp_kernel *kernel)
{
  for (size_t i = 0; i < QP_KERNEL_OBJECTS; i++) {
    int error = qp_bpf_pin(kernel->objects[i], path_of(kernel, names[i]).text);
    if (error == 0)
      continue;
    while (i-- > 0)
      unlink(path_of(kernel, names[i]).text);
    give_up(kernel, -error);
    return;
  }
}

int qp_pinned_add_link(const struct qp_kernel *kernel, unsigned interface_index, int link)
{
  return kernel->pin_path ? qp_bpf_pin(link, link_path(kernel, interface_index).text) : 0;
}

void qp_pinned_remove_link(const struct qp_kernel *kernel, unsigned interface_index)
{
  if (kernel->pin_path)
    unlink(link_path(kernel, interface_index).text);
}
