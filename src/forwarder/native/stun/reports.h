/*
 * What the I/O threads hand over to JavaScript: STUN messages, and faults of the sockets themselves. Bounded: what
 * JavaScript does not take in time is refused, and who pays for a message has a share of the places. The rules are those
 * of src/forwarder/stun/queue.ts.
 */
#ifndef QP_REPORTS_H
#define QP_REPORTS_H

#include <pthread.h>

#include "../memory/address.h"

/** How much waits of what one pays for, and how much of it may. */
struct qp_report_share {
  uint32_t *waiting;
  uint32_t max;
};

struct qp_report {
  struct qp_report *next;
  /** Which way the datagram came. */
  struct qp_path path;
  /** 0 for a datagram, or else the `errno` of a fault, and which call it came from. */
  int error;
  const char *call;
  /** Counts what waits of its share, this included; null for a fault. */
  uint32_t *waiting;
  size_t length;
  uint8_t data[];
};

struct qp_reports {
  pthread_mutex_t mutex;
  struct qp_report *first;
  struct qp_report **end;
  uint32_t count, max;
  /** Called by an I/O thread for the first report after all were taken; must not block. */
  void (*wake)(void *context);
  void *context;
};

/** @param max how many may wait. */
void qp_reports_init(struct qp_reports *reports, uint32_t max, void (*wake)(void *context), void *context);
void qp_reports_destroy(struct qp_reports *reports);

enum qp_report_refusal { QP_REPORTED, QP_REPORTS_FULL, QP_REPORT_SHARE_FULL };

/** I/O thread. What the share counts in outlives the reports. */
enum qp_report_refusal qp_report_datagram(struct qp_reports *reports, const uint8_t *data, size_t length,
                                          const struct qp_path *path, const struct qp_report_share *share);
/** I/O thread: no report is made where there is no room, as JavaScript has plenty to read then. */
void qp_report_fault(struct qp_reports *reports, int error, const char *call);

/** Control thread: up to `max` reports in their order; the caller frees each. */
struct qp_report *qp_reports_take(struct qp_reports *reports, size_t max);

#endif
