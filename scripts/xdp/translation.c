/*
 * Loads the light skeleton that it was compiled with, and prints the kernel's translation: the maps, and the
 * instructions with map numbers in place of the values that change with every load.
 */
#include <errno.h>
#include <relay.skel.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAX_INSTRUCTIONS = 4096, MAPS = sizeof(((struct qp_relay *)0)->maps) / sizeof(struct bpf_map_desc) };

static uint32_t map_ids[MAPS];

static int read_info(int file, void *info, uint32_t bytes)
{
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.info.bpf_fd = (uint32_t)file;
  attributes.info.info_len = bytes;
  attributes.info.info = (uintptr_t)info;
  return skel_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes, sizeof attributes);
}

static int print_map(const struct bpf_map_desc *map, uint32_t number)
{
  struct bpf_map_info info = { 0 };
  if (read_info(map->map_fd, &info, sizeof info) != 0)
    return errno;
  map_ids[number] = info.id;
  printf("map %u: %s, type %u, %u to %u bytes, %u entries, flags %#x\n", number, info.name, info.type, info.key_size,
         info.value_size, info.max_entries, info.map_flags);
  return 0;
}

static uint32_t number_of_map(uint32_t id)
{
  uint32_t number = 0;
  while (number < MAPS && map_ids[number] != id)
    number++;
  return number;
}

static int print_instructions(int program)
{
  static struct bpf_insn instructions[MAX_INSTRUCTIONS];
  struct bpf_prog_info info = { .xlated_prog_len = sizeof instructions, .xlated_prog_insns = (uintptr_t)instructions };
  if (read_info(program, &info, sizeof info) != 0)
    return errno;
  /* The kernel returns as many instructions as fit, and none without the privilege to see them. */
  if (info.xlated_prog_len > sizeof instructions || !info.xlated_prog_insns)
    return EOVERFLOW;
  for (uint32_t i = 0; i < info.xlated_prog_len / sizeof instructions[0]; i++) {
    const struct bpf_insn *it = &instructions[i];
    bool is_map = it->code == (BPF_LD | BPF_IMM | BPF_DW) &&
                  (it->src_reg == BPF_PSEUDO_MAP_FD || it->src_reg == BPF_PSEUDO_MAP_VALUE);
    printf("%4u: %02x r%u r%u %d %s%d\n", i, it->code, it->dst_reg, it->src_reg, it->off, is_map ? "map " : "",
           is_map ? (int)number_of_map((uint32_t)it->imm) : it->imm);
  }
  return 0;
}

int main(void)
{
  struct qp_relay *skeleton = qp_relay__open_and_load();
  int error = skeleton ? 0 : errno;
  for (uint32_t i = 0; i < MAPS && !error; i++)
    error = print_map((const struct bpf_map_desc *)&skeleton->maps + i, i);
  if (!error)
    error = print_instructions(skeleton->progs.relay.prog_fd);
  qp_relay__destroy(skeleton);
  if (error)
    fprintf(stderr, "the XDP program does not load here: %s\n", strerror(error));
  return error != 0;
}
