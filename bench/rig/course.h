/* What is sent, packet by packet: rig/course.ts makes the file of connection IDs. */
#ifndef QP_BENCH_COURSE_H
#define QP_BENCH_COURSE_H

#include <stdbool.h>
#include <stdint.h>

enum {
  /* Packets in a row for each connection ID, where the order is `burst16`. */
  qp_burst = 16,
};

struct qp_course {
  uint8_t *cids;
  uint32_t cid_count;
  bool bursts;
};

/* Reads a file of connection IDs, to be sent to by an order: `burst16` or `random`. Ends the process if it cannot. */
struct qp_course qp_course_read(const char *path, const char *order);

/* The place in the list of the connection ID of the `n`th packet, which depends on nothing else. */
uint32_t qp_course_at(const struct qp_course *course, uint64_t n);

/* The connection ID at a place. */
const uint8_t *qp_course_cid(const struct qp_course *course, uint32_t place);

#endif
