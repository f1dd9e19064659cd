#include "next-process.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../src/xdp/native/attach/attachments.h"
#include "../../src/xdp/native/calls.h"
#include "../native/harness/check.h"
#include "verdict.h"

uint32_t program_id(int program)
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

unsigned next_process_interface(void)
{
  return rig.host.ends[EAST];
}

void next_process_prepare(void)
{
  folder_open();
  CHECK(qp_kernel_attach(&rig.kernel, next_process_interface(), 0) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 1);
}

void next_process_adopts(void)
{
  struct qp_session_state states[PEOPLE];
  struct qp_bucket buckets[PEOPLE];
  uint64_t totals[QP_TOTALS], adopted[QP_TOTALS];
  const uint32_t program = program_id(rig.kernel.program), link = link_id();
  memcpy(states, rig.kernel.states, sizeof states);
  memcpy(buckets, rig.kernel.by_subject, sizeof buckets);
  rig_read_totals(totals);
  folder_restart();
  CHECK(rig.kernel.is_adopted && rig.kernel.pin_error == 0);
  CHECK(program_id(rig.kernel.program) == program && link_id() == link);
  CHECK(memcmp(states, rig.kernel.states, sizeof states) == 0);
  CHECK(memcmp(buckets, rig.kernel.by_subject, sizeof buckets) == 0);
  rig_read_totals(adopted);
  CHECK(memcmp(totals, adopted, sizeof totals) == 0);
  CHECK(folder_count() == PINNED_OBJECTS + 1);
}

void next_process_replaces(void)
{
  const uint32_t program = program_id(rig.kernel.program);
  folder_restart();
  CHECK(!rig.kernel.is_adopted && rig.kernel.pin_error == 0 && rig.kernel.attachments.count == 0);
  CHECK(program_id(rig.kernel.program) != program);
  CHECK(qp_kernel_attach(&rig.kernel, next_process_interface(), 0) == 0);
  rig_reset();
  CHECK(rig.kernel.pin_path && folder_count() == PINNED_OBJECTS + 1);
  const struct packet packet = packet_between(ALICE4, BOB4);
  forwards(&packet, ALICE4, BOB4);
  next_process_adopts();
}

int load_other(const int *maps, unsigned count)
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
