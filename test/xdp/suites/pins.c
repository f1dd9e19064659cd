#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../src/xdp/calls.h"
#include "../../native/harness/check.h"
#include "../folder.h"
#include "../suites.h"
#include "../verdict.h"

static uint32_t program_id(int program)
{
  struct bpf_prog_info info = { 0 };
  CHECK(qp_bpf_describe(program, &info, sizeof info) == 0);
  return info.id;
}

static uint32_t link_id(void)
{
  struct bpf_link_info info = { 0 };
  CHECK(rig.kernel.attachments.count == 1);
  CHECK(qp_bpf_describe(rig.kernel.attachments.all[0].link, &info, sizeof info) == 0);
  return info.id;
}

static unsigned far_end(void)
{
  return rig.host.ends[EAST];
}

/** Attached to an interface where nothing comes in. */
static void begin(void)
{
  folder_open();
  CHECK(qp_kernel_attach(&rig.kernel, far_end(), 0) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 1);
}

/** The next process has everything that this one had. */
static void adopt(void)
{
  struct qp_account accounts[PEOPLE];
  uint64_t totals[QP_TOTALS];
  const uint32_t program = program_id(rig.kernel.program), link = link_id();
  memcpy(accounts, rig.kernel.accounts, sizeof accounts);
  memcpy(totals, rig.kernel.total_words, sizeof totals);
  folder_restart();
  CHECK(rig.kernel.is_adopted && rig.kernel.pin_error == 0);
  CHECK(program_id(rig.kernel.program) == program && link_id() == link);
  CHECK(memcmp(accounts, rig.kernel.accounts, sizeof accounts) == 0);
  CHECK(memcmp(totals, rig.kernel.total_words, sizeof totals) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 1);
}

/** The next process starts with nothing, and nothing of the old one is in its way. */
static void replace(void)
{
  const uint32_t program = program_id(rig.kernel.program);
  folder_restart();
  CHECK(!rig.kernel.is_adopted && rig.kernel.pin_error == 0 && rig.kernel.attachments.count == 0);
  CHECK(program_id(rig.kernel.program) != program);
  CHECK(qp_kernel_attach(&rig.kernel, far_end(), 0) == 0);
  rig_reset();
  CHECK(rig.kernel.pin_path && folder_count() == PINNED_OBJECTS + 1);
  const struct packet packet = packet_between(ALICE4, BOB4);
  forwards(&packet, ALICE4, BOB4);
  adopt();
}

static void are_adopted(void)
{
  static const enum person pairs[][2] = { { ALICE4, BOB4 }, { ALICE6, CAROL6 } };
  begin();
  for (int i = 0; i < 2; i++) {
    const struct packet packet = packet_between(pairs[i][0], pairs[i][1]);
    forwards(&packet, pairs[i][0], pairs[i][1]);
    adopt();
    forwards(&packet, pairs[i][0], pairs[i][1]);
  }
  folder_close();
}

static void forward_meanwhile(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  const struct frame frame = frame_of(&packet);
  begin();
  qp_kernel_close(&rig.kernel);
  rig.kernel.program = folder_pin("program");
  CHECK(run(&frame).verdict == XDP_TX);
  close(rig.kernel.program);
  CHECK(rig_load(FOLDER) == 0);
  CHECK(rig.kernel.is_adopted && rig.kernel.accounts[BOB4].counters[QP_PACKETS_OFFLOADED] == 1);
  CHECK(rig.kernel.total_words[QP_TOTAL_PACKETS] == 1);
  folder_close();
}

static void are_locked(void)
{
  const struct qp_kernel_options options = { .max_routes = 1, .max_sessions = 1, .pin_path = FOLDER };
  struct qp_kernel other;
  begin();
  CHECK(qp_kernel_open(&other, &options) == 0);
  CHECK(other.pin_error == EWOULDBLOCK && !other.pin_path && !other.is_adopted);
  CHECK(program_id(other.program) != program_id(rig.kernel.program));
  CHECK(qp_kernel_start(&other, htons(RELAY_PORT), true, false) == 0);
  CHECK(qp_kernel_attach(&other, rig.host.ends[WEST], 0) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 1);
  qp_kernel_close(&other);
  adopt();
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

/** Where files may have the names of pins. */
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

/** A folder in the place of a pin, which nobody removes. */
static void are_stored_in_full_or_not(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  begin();
  folder_unpin("totals");
  CHECK(mkdir(FOLDER "/totals", 0700) == 0);
  folder_restart();
  rig_reset();
  CHECK(rig.kernel.pin_error == EEXIST && !rig.kernel.pin_path && folder_count() == 1);
  CHECK(rmdir(FOLDER "/totals") == 0);
  CHECK(qp_kernel_attach(&rig.kernel, far_end(), 0) == 0 && folder_count() == 0);
  forwards(&packet, ALICE4, BOB4);
  folder_close();
}

static void are_replaced_when_older(void)
{
  const uint32_t first = 0;
  struct qp_config config;
  begin();
  CHECK(qp_bpf_get(rig.kernel.config, &first, &config) == 0);
  config.version--;
  CHECK(qp_bpf_set(rig.kernel.config, &first, &config) == 0);
  replace();
  folder_close();
}

static void are_replaced_by_other_sizes(void)
{
  const struct qp_kernel_options options[] = {
    { .max_routes = MAX_ROUTES + 1, .max_sessions = PEOPLE, .pin_path = FOLDER },
    { .max_routes = MAX_ROUTES, .max_sessions = PEOPLE + 1, .pin_path = FOLDER },
  };
  for (int i = 0; i < 2; i++) {
    begin();
    qp_kernel_close(&rig.kernel);
    CHECK(qp_kernel_open(&rig.kernel, &options[i]) == 0);
    CHECK(!rig.kernel.is_adopted && rig.kernel.pin_path && folder_count() == 0);
    rig_reset();
    replace();
    folder_close();
  }
}

static const char *const objects[PINNED_OBJECTS] = {
  "program", "routes", "sources", "locals", "exits", "sessions", "totals", "config", "ways",
};

static void are_replaced_when_one_is_missing(void)
{
  for (int i = 0; i < PINNED_OBJECTS; i++) {
    begin();
    rig.at = objects[i];
    folder_unpin(objects[i]);
    replace();
    folder_close();
  }
}

struct files {
  int all[PINNED_OBJECTS];
};

/** In the order of `objects`. */
static struct files files_of(const struct qp_kernel *kernel)
{
  return (struct files){ {
    kernel->program, kernel->routes, kernel->sources, kernel->locals, kernel->exits,
    kernel->sessions, kernel->totals, kernel->config, kernel->ways,
  } };
}

/** A program that passes everything, and has `count` maps. */
static int load_other(const int *maps, unsigned count)
{
  struct bpf_insn instructions[2 * PINNED_OBJECTS + 2] = { 0 }, *next = instructions;
  for (unsigned i = 0; i < count; i++, next += 2)
    *next = (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM, .src_reg = BPF_PSEUDO_MAP_FD, .imm = maps[i] };
  *next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS };
  *next++ = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insn_cnt = (uint32_t)(next - instructions);
  attributes.insns = (uintptr_t)instructions;
  attributes.license = (uintptr_t) "MIT";
  int program = (int)syscall(__NR_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
  CHECK(program >= 0);
  return program;
}

static void are_replaced_when_one_is_foreign(void)
{
  int other = load_other(NULL, 0);
  struct qp_kernel twin;
  const struct qp_kernel_options options = { .max_routes = MAX_ROUTES, .max_sessions = PEOPLE };
  CHECK(qp_kernel_open(&twin, &options) == 0);
  const struct files twins = files_of(&twin);
  for (int i = 0; i < 2 * PINNED_OBJECTS; i++) {
    begin();
    rig.at = objects[i / 2];
    folder_replace(objects[i / 2], i % 2 ? twins.all[i / 2] : other);
    replace();
    folder_close();
  }
  qp_kernel_close(&twin);
  close(other);
}

static void are_replaced_when_the_program_is_another(void)
{
  begin();
  const struct files files = files_of(&rig.kernel);
  int other = load_other(files.all + 1, PINNED_OBJECTS - 1);
  folder_replace("program", other);
  replace();
  folder_close();
  close(other);
}

static void lose_foreign_links(void)
{
  int other = load_other(NULL, 0), link = qp_bpf_link(other, rig.host.ends[WEST], 0);
  char path[sizeof FOLDER + 32];
  CHECK(link >= 0 && snprintf(path, sizeof path, FOLDER "/link-%u", rig.host.ends[WEST]) > 0);
  begin();
  CHECK(qp_bpf_pin(link, path) == 0);
  adopt();
  folder_close();
  close(link);
  close(other);
}

static void lose_interfaces(void)
{
  begin();
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
  begin();
  for (int i = 0; i < 3; i++) {
    qp_kernel_detach(&rig.kernel, far_end());
    CHECK(folder_count() == PINNED_OBJECTS);
    CHECK(qp_kernel_attach(&rig.kernel, far_end(), 0) == 0);
    adopt();
  }
  folder_close();
}

static const struct test tests[] = {
  { "bring program, tables, accounts, totals and links to the next process", are_adopted },
  { "forward while no process has them", forward_meanwhile },
  { "are one process's at a time; another goes without", are_locked },
  { "need a folder; where there is none a process goes without", need_a_folder },
  { "need a bpf file system; elsewhere a process goes without, and touches nothing", need_a_bpf_file_system },
  { "are stored in full or not at all", are_stored_in_full_or_not },
  { "of an older layout are replaced", are_replaced_when_older },
  { "of other sizes are replaced", are_replaced_by_other_sizes },
  { "of which one is missing are replaced", are_replaced_when_one_is_missing },
  { "of which one is foreign, or another program's of the same kind, are replaced", are_replaced_when_one_is_foreign },
  { "of another program with the same maps are replaced", are_replaced_when_the_program_is_another },
  { "leave out links of other programs", lose_foreign_links },
  { "leave out interfaces that have gone", lose_interfaces },
  { "of links go when it detaches, and it can attach again at once", detach },
};

const struct suite pins_suite = SUITE("pins", tests);
