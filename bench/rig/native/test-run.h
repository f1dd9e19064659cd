/* Runs an XDP program on frames received by an interface (BPF_PROG_TEST_RUN). Exits if the kernel refuses. */
#ifndef QP_BENCH_TEST_RUN_H
#define QP_BENCH_TEST_RUN_H

#include <linux/bpf.h>
#include <stdint.h>

#include "frame.h"

struct qp_test_run {
  int program;
  unsigned interface_index;
};

/* Runs the program once. `out` receives the resulting frame; nothing is sent. */
enum xdp_action qp_test_run_once(const struct qp_test_run *test_run, const struct frame *in, struct frame *out);

/*
 * Runs the program for `ms` on frames as a driver delivers them, which go where the program sends them. The first
 * frames are copies of `in`; later ones return as the far end left them. Returns the number of frames.
 */
uint64_t qp_test_run_live(const struct qp_test_run *test_run, const struct frame *in, uint64_t ms);

/* Does the same, and returns the run time of the program for one frame, in ns. */
double qp_test_run_time(const struct qp_test_run *test_run, const struct frame *in, uint64_t ms);

#endif
