/* Runs an XDP program for frames that come in at an interface (BPF_PROG_TEST_RUN). Ends the process if the kernel refuses. */
#ifndef QP_BENCH_TRIAL_H
#define QP_BENCH_TRIAL_H

#include <linux/bpf.h>
#include <stdint.h>

#include "frame.h"

struct qp_trial {
  int program;
  unsigned interface_index;
};

/* Once; what becomes of the frame is in `out`, and nothing is sent. */
enum xdp_action qp_trial_once(const struct qp_trial *trial, const struct frame *in, struct frame *out);

/*
 * Again and again for some ms, each time for a frame as a driver has it, which goes where the program sends it. The first
 * ones are copies of `in`, then they come back as the far end has left them. Returns how many.
 */
uint64_t qp_trial_live(const struct qp_trial *trial, const struct frame *in, uint64_t ms);

/* The same; returns the ns that a run of the program itself took. */
double qp_trial_time(const struct qp_trial *trial, const struct frame *in, uint64_t ms);

#endif
