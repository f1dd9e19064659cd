#include "folder.h"

#include <dirent.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../src/xdp/native/calls.h"
#include "../../../src/xdp/native/kernel.h"
#include "../../native/harness/check.h"

static struct qp_kernel usual;

static const char *path_of(const char *name)
{
  static char path[sizeof FOLDER + 64];
  CHECK(snprintf(path, sizeof path, "%s/%s", FOLDER, name) < (int)sizeof path);
  return path;
}

/** Mounts a bpf file system in a mount namespace that ends with this process. */
static void mount_once(void)
{
  static bool is_mounted = false;
  if (is_mounted)
    return;
  CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  CHECK(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) == 0 && mkdir(FOLDER, 0700) == 0);
  is_mounted = true;
}

/** Calls `visit` with the name of each pin. Returns the number of pins. */
static unsigned each_pin(void (*visit)(const char *name))
{
  unsigned count = 0;
  DIR *folder = opendir(FOLDER);
  CHECK(folder != NULL);
  for (struct dirent *entry; (entry = readdir(folder));)
    if (entry->d_name[0] != '.') {
      count++;
      if (visit)
        visit(entry->d_name);
    }
  closedir(folder);
  return count;
}

void folder_open(void)
{
  mount_once();
  each_pin(folder_unpin);
  usual = rig.kernel;
  CHECK(rig_load(FOLDER) == 0);
  rig_reset();
  CHECK(rig.kernel.pin_path && !rig.kernel.is_adopted);
}

void folder_close(void)
{
  qp_kernel_close(&rig.kernel);
  each_pin(folder_unpin);
  rig.kernel = usual;
}

void folder_restart(void)
{
  qp_kernel_close(&rig.kernel);
  CHECK(rig_load(FOLDER) == 0);
}

unsigned folder_count(void)
{
  return each_pin(NULL);
}

int folder_pin(const char *name)
{
  int file = qp_bpf_open(path_of(name));
  CHECK(file >= 0);
  return file;
}

void folder_unpin(const char *name)
{
  CHECK(unlink(path_of(name)) == 0);
}

void folder_replace(const char *name, int file)
{
  folder_unpin(name);
  CHECK(qp_bpf_pin(file, path_of(name)) == 0);
}
