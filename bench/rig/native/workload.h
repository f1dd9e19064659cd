/* The sequence of packets to send. rig/workload.ts writes the file of connection IDs. */
#ifndef QP_BENCH_WORKLOAD_H
#define QP_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
  /* Consecutive packets for each connection ID in the order `burst16`. */
  qp_burst = 16,
};

struct qp_workload {
  uint8_t *cids;
  uint32_t cid_count;
  bool bursts;
};

/* Reads a file of connection IDs and sets the order of sending, `burst16` or `random`. Exits on failure. */
struct qp_workload qp_workload_read(const char *path, const char *order);

/* Returns the index of the `n`th packet's connection ID. It depends only on the workload and `n`. */
uint32_t qp_workload_at(const struct qp_workload *workload, uint64_t n);

/* Returns the connection ID at an index. */
const uint8_t *qp_workload_cid(const struct qp_workload *workload, uint32_t index);

#endif
