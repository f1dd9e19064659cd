/* The sequence of packets to send. rig/course.ts writes the file of connection IDs. */
#ifndef QP_BENCH_COURSE_H
#define QP_BENCH_COURSE_H

#include <stdbool.h>
#include <stdint.h>

enum {
  /* Consecutive packets for each connection ID in the order `burst16`. */
  qp_burst = 16,
};

struct qp_course {
  uint8_t *cids;
  uint32_t cid_count;
  bool bursts;
};

/* Reads a file of connection IDs and sets the order of sending, `burst16` or `random`. Exits on failure. */
struct qp_course qp_course_read(const char *path, const char *order);

/* Returns the index of the `n`th packet's connection ID. It depends only on the course and `n`. */
uint32_t qp_course_at(const struct qp_course *course, uint64_t n);

/* Returns the connection ID at an index. */
const uint8_t *qp_course_cid(const struct qp_course *course, uint32_t place);

#endif
