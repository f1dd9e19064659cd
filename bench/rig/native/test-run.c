/* See test-run.h. */
#include "test-run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../../src/xdp/native/calls.h"

enum {
  /* So many that the fixed cost of a call is negligible. */
  frames_per_call = 1 << 18,
};

static uint64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int call_kernel(enum bpf_cmd command, union bpf_attr *attributes)
{
  int result = (int)syscall(__NR_bpf, command, attributes, sizeof *attributes);
  if (result >= 0)
    return result;
  fprintf(stderr, "test_run: bpf command %d: %s\n", (int)command, strerror(errno));
  exit(1);
}

static void start(const struct qp_test_run *test_run, const struct frame *in, struct xdp_md *context,
                  union bpf_attr *attributes)
{
  *context = (struct xdp_md){ .data_end = in->length, .ingress_ifindex = test_run->interface_index };
  memset(attributes, 0, sizeof *attributes);
  attributes->test.prog_fd = (uint32_t)test_run->program;
  attributes->test.repeat = 1;
  attributes->test.data_in = (uintptr_t)in->bytes;
  attributes->test.data_size_in = in->length;
  attributes->test.ctx_in = (uintptr_t)context;
  attributes->test.ctx_size_in = sizeof *context;
}

enum xdp_action qp_test_run_once(const struct qp_test_run *test_run, const struct frame *in, struct frame *out)
{
  struct xdp_md context;
  union bpf_attr attributes;
  start(test_run, in, &context, &attributes);
  attributes.test.data_out = (uintptr_t)out->bytes;
  attributes.test.data_size_out = sizeof out->bytes;
  call_kernel(BPF_PROG_TEST_RUN, &attributes);
  out->length = attributes.test.data_size_out;
  return attributes.test.retval;
}

uint64_t qp_test_run_live(const struct qp_test_run *test_run, const struct frame *in, uint64_t ms)
{
  struct xdp_md context;
  union bpf_attr attributes;
  start(test_run, in, &context, &attributes);
  attributes.test.repeat = frames_per_call;
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  uint64_t until = now_ms() + ms, frames = 0;
  for (; now_ms() < until; frames += frames_per_call)
    call_kernel(BPF_PROG_TEST_RUN, &attributes);
  return frames;
}

static struct bpf_prog_info statistics(const struct qp_test_run *test_run)
{
  struct bpf_prog_info info = { 0 };
  int result = qp_bpf_describe(test_run->program, &info, sizeof info);
  if (result >= 0)
    return info;
  fprintf(stderr, "test_run: statistics: %s\n", strerror(-result));
  exit(1);
}

double qp_test_run_time(const struct qp_test_run *test_run, const struct frame *in, uint64_t ms)
{
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.enable_stats.type = BPF_STATS_RUN_TIME;
  /* The kernel collects run-time statistics while this file is open. They cost time, so it is open only here. */
  int file = call_kernel(BPF_ENABLE_STATS, &attributes);
  struct bpf_prog_info before = statistics(test_run);
  qp_test_run_live(test_run, in, ms);
  struct bpf_prog_info after = statistics(test_run);
  close(file);
  return (double)(after.run_time_ns - before.run_time_ns) / (double)(after.run_cnt - before.run_cnt);
}
