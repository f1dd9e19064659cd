#include "stale-pins.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "kernel.h"
#include "pinned.h"

/** Opens a pin. Returns a file or −errno. */
static int open_pin(const char *folder, const char *name)
{
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return qp_bpf_open(path);
}

static int read_program(int file, struct qp_pins *pins)
{
  struct bpf_prog_info info = { 0 };
  int error = -qp_bpf_describe(file, &info, sizeof info);
  pins->program = info.id;
  return error;
}

/** Any object of this user's may be in place of the map. Only keys of an address's size fit into one. */
static int read_addresses(int file, struct qp_pins *pins)
{
  struct bpf_map_info info = { 0 };
  const struct qp_ip *previous = NULL;
  int error = -qp_bpf_describe(file, &info, sizeof info);
  if (error || info.key_size != sizeof *previous)
    return error ? error : EINVAL;
  while (pins->count < QP_MAX_PINNED_ADDRESSES && qp_bpf_next_key(file, previous, &pins->addresses[pins->count]) == 0)
    previous = &pins->addresses[pins->count++];
  return 0;
}

static int read_pin(const char *folder, const char *name, int (*read)(int file, struct qp_pins *pins),
                    struct qp_pins *pins)
{
  int file = open_pin(folder, name);
  if (file < 0)
    return -file;
  int error = read(file, pins);
  close(file);
  return error;
}

int qp_pins_read(const char *path, struct qp_pins *pins)
{
  pins->count = 0;
  int error = read_pin(path, "program", read_program, pins);
  return error ? error : read_pin(path, "local_addresses", read_addresses, pins);
}

static void remove_pin(const char *folder, int folder_file, const char *name)
{
  int file = open_pin(folder, name);
  if (file >= 0) {
    /* Refused with EINVAL for all that is not a link. */
    qp_bpf_detach(file);
    close(file);
  }
  unlinkat(folder_file, name, 0);
}

/** Pins of another version may have any names. */
static void remove_all(const char *path, int folder_file)
{
  DIR *folder = opendir(path);
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    if (entry->d_name[0] != '.')
      remove_pin(path, folder_file, entry->d_name);
  if (folder)
    closedir(folder);
}

int qp_pins_remove(const char *path)
{
  struct qp_kernel kernel = qp_kernel_closed();
  if (!qp_pinned_lock(&kernel, path))
    return kernel.pin_error;
  remove_all(path, kernel.pin_folder);
  int error = rmdir(path) == 0 ? 0 : errno;
  qp_kernel_close(&kernel);
  return error;
}
