#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../src/xdp/native/attach/attachments.h"
#include "../../../src/xdp/native/calls.h"
#include "../../../src/xdp/native/kernel.h"
#include "../../../src/xdp/native/stale-pins.h"
#include "../../native/harness/check.h"
#include "../next-process.h"
#include "../suites.h"
#include "../verdict.h"

static void are_adopted(void)
{
  static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE6, CAROL6 } };
  next_process_prepare();
  for (int i = 0; i < 2; i++) {
    const struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    forwards(&packet, pairs[i][0], pairs[i][1]);
    next_process_adopts();
    forwards(&packet, pairs[i][0], pairs[i][1]);
  }
  folder_close();
}

static void forward_meanwhile(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct frame frame = frame_of(&packet);
  next_process_prepare();
  qp_kernel_close(&rig.kernel);
  rig.kernel.program = folder_pin("program");
  CHECK(run(&frame).verdict == XDP_TX);
  close(rig.kernel.program);
  CHECK(rig_load(FOLDER) == 0);
  CHECK(rig.kernel.is_adopted && rig.kernel.states[BOB4].counters[QP_PACKETS_OFFLOADED] == 1);
  CHECK(rig_total(QP_TOTAL_PACKETS) == 1);
  folder_close();
}

static void are_locked(void)
{
  const struct qp_kernel_options options = { .max_routes = 1, .max_sessions = 1, .max_buckets = 1, .pin_path = FOLDER };
  struct qp_kernel other;
  next_process_prepare();
  CHECK(qp_kernel_open(&other, &options) == 0);
  CHECK(other.pin_error == EWOULDBLOCK && !other.pin_path && !other.is_adopted);
  CHECK(program_id(other.program) != program_id(rig.kernel.program));
  CHECK(qp_kernel_start(&other, htons(RELAY_PORT), true) == 0);
  CHECK(qp_kernel_attach(&other, rig.host.ends[WEST], 0) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 1);
  qp_kernel_close(&other);
  next_process_adopts();
  folder_close();
}

static void start_somewhere_else(const char *path, int error)
{
  CHECK(rig_load(path) == 0);
  rig_reset();
  CHECK(rig.kernel.pin_error == error && !rig.kernel.pin_path);
  const struct packet packet = packet_between(ALICE4, BOB4);
  forwards(&packet, ALICE4, BOB4);
  qp_kernel_close(&rig.kernel);
}

static void need_a_folder(void)
{
  folder_open();
  qp_kernel_close(&rig.kernel);
  start_somewhere_else(FOLDER "/nowhere", ENOENT);
  start_somewhere_else(FOLDER "/program", ENOTDIR);
  folder_close();
}

/** Another file system may hold files with the names of pins. */
static void need_a_bpf_file_system(void)
{
  char path[] = "/tmp/quicpipe-XXXXXX", file[sizeof path + sizeof "/config"];
  CHECK(mkdtemp(path) && snprintf(file, sizeof file, "%s/config", path) > 0);
  int config = open(file, O_CREAT | O_CLOEXEC, 0600);
  folder_open();
  qp_kernel_close(&rig.kernel);
  start_somewhere_else(path, EINVAL);
  folder_close();
  CHECK(config >= 0 && close(config) == 0 && unlink(file) == 0 && rmdir(path) == 0);
}

/** A refused folder stays as it is, as another process may be using it. */
static void need_a_folder_of_their_own(void)
{
  static const mode_t modes[] = { 0777, 0770, 0755, 0701 };
  next_process_prepare();
  qp_kernel_close(&rig.kernel);
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    CHECK(chmod(FOLDER, modes[i]) == 0);
    start_somewhere_else(FOLDER, EACCES);
  }
  CHECK(chmod(FOLDER, 0700) == 0 && chown(FOLDER, 1, 0) == 0);
  start_somewhere_else(FOLDER, EPERM);
  CHECK(chown(FOLDER, 0, 0) == 0 && symlink(FOLDER, "/sys/fs/bpf/link") == 0);
  start_somewhere_else("/sys/fs/bpf/link", ENOTDIR);
  CHECK(unlink("/sys/fs/bpf/link") == 0 && folder_count() == PINNED_OBJECTS + 1);
  CHECK(rig_load(FOLDER) == 0 && rig.kernel.is_adopted);
  folder_close();
}

/** A folder in place of a pin cannot be removed. */
static void are_stored_in_full_or_not(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  next_process_prepare();
  folder_unpin("processors");
  CHECK(mkdir(FOLDER "/processors", 0700) == 0);
  folder_restart();
  rig_reset();
  CHECK(rig.kernel.pin_error == EEXIST && !rig.kernel.pin_path && folder_count() == 1);
  CHECK(rmdir(FOLDER "/processors") == 0);
  CHECK(qp_kernel_attach(&rig.kernel, next_process_interface(), 0) == 0 && folder_count() == 0);
  forwards(&packet, ALICE4, BOB4);
  folder_close();
}

static void lose_foreign_links(void)
{
  int other = load_other(NULL, 0), link = qp_bpf_link(other, rig.host.ends[WEST], 0);
  char path[sizeof FOLDER + 32];
  CHECK(link >= 0 && snprintf(path, sizeof path, FOLDER "/link-%u", rig.host.ends[WEST]) > 0);
  next_process_prepare();
  CHECK(qp_bpf_pin(link, path) == 0);
  next_process_adopts();
  folder_close();
  close(link);
  close(other);
}

static void lose_interfaces(void)
{
  next_process_prepare();
  host_configure("link add passing type veth peer name passing-end\n");
  unsigned passing = if_nametoindex("passing");
  CHECK(passing && qp_kernel_attach(&rig.kernel, passing, 0) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 2);
  qp_kernel_close(&rig.kernel);
  host_configure("link delete passing\n");
  CHECK(rig_load(FOLDER) == 0 && rig.kernel.is_adopted);
  CHECK(rig.kernel.attachments.count == 1 && folder_count() == PINNED_OBJECTS + 1);
  folder_close();
}

static void detach(void)
{
  next_process_prepare();
  for (int i = 0; i < 3; i++) {
    qp_kernel_detach(&rig.kernel, next_process_interface());
    CHECK(folder_count() == PINNED_OBJECTS);
    CHECK(qp_kernel_attach(&rig.kernel, next_process_interface(), 0) == 0);
    next_process_adopts();
  }
  folder_close();
}

static void are_read_from_outside(void)
{
  static struct qp_pins pins;
  next_process_prepare();
  CHECK(qp_pins_read(FOLDER, &pins) == 0);
  CHECK(pins.program == program_id(rig.kernel.program) && pins.count > 0);
  int config = folder_pin("config");
  folder_replace("local_addresses", config);
  CHECK(qp_pins_read(FOLDER, &pins) == EINVAL && close(config) == 0);
  folder_unpin("program");
  CHECK(qp_pins_read(FOLDER, &pins) == ENOENT);
  folder_close();
}

static void are_removed_from_outside(void)
{
  next_process_prepare();
  CHECK(qp_pins_remove(FOLDER) == EWOULDBLOCK && folder_count() == PINNED_OBJECTS + 1);
  next_process_adopts();
  int program = folder_pin("program");
  CHECK(qp_bpf_pin(program, FOLDER "/of_another_version") == 0 && close(program) == 0);
  qp_kernel_close(&rig.kernel);
  CHECK(qp_pins_remove(FOLDER) == 0 && access(FOLDER, F_OK) != 0);
  CHECK(qp_pins_remove(FOLDER) == ENOENT);
  CHECK(mkdir(FOLDER, 0700) == 0);
  next_process_prepare();
  folder_close();
}

static const struct test tests[] = {
  { "bring program, tables, states, totals and links to the next process", are_adopted },
  { "forward while no process has them", forward_meanwhile },
  { "are one process's at a time; another goes without", are_locked },
  { "need a folder; where there is none a process goes without", need_a_folder },
  { "need a bpf file system; elsewhere a process goes without, and touches nothing", need_a_bpf_file_system },
  { "need a folder of this user alone; another is left as it is", need_a_folder_of_their_own },
  { "are stored in full or not at all", are_stored_in_full_or_not },
  { "leave out links of other programs", lose_foreign_links },
  { "leave out interfaces that have gone", lose_interfaces },
  { "of links go when it detaches, and it can attach again at once", detach },
  { "tell others whose they are, and are not mistaken for it if they are something else", are_read_from_outside },
  { "are removed by others with their folder, but not while a process has them", are_removed_from_outside },
};

const struct suite pins_suite = SUITE("pins", tests);
