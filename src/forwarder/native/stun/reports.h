/*
 * The queue from the I/O threads to JavaScript, for STUN messages and for faults of the sockets. The queue is bounded:
 * reports are refused while JavaScript is behind, and each payer has a share of the places. The rules are those of
 * src/forwarder/stun/queue.ts.
 */
#ifndef QP_REPORTS_H
#define QP_REPORTS_H

#include <pthread.h>

#include "../memory/address.h"

/** The number of waiting reports that one payer pays for, and the limit on it. */
struct qp_report_share {
  uint32_t *waiting;
  uint32_t max;
};

struct qp_report {
  struct qp_report *next;
  /** The path that the datagram arrived on. */
  struct qp_path path;
  /** 0 for a datagram, or else the `errno` of a fault, and the call that failed. */
  int error;
  const char *call;
  /** The number of waiting reports in its share, this one included; null for a fault. */
  uint32_t *waiting;
  size_t length;
  uint8_t data[];
};

struct qp_reports {
  pthread_mutex_t mutex;
  struct qp_report *first;
  struct qp_report **end;
  uint32_t count, max;
  /** Called by an I/O thread for the first report in an empty queue; must not block. */
  void (*wake)(void *context);
  void *context;
};

/** @param max limit on waiting reports. */
void qp_reports_init(struct qp_reports *reports, uint32_t max, void (*wake)(void *context), void *context);
void qp_reports_destroy(struct qp_reports *reports);

enum qp_report_refusal { QP_REPORTED, QP_REPORTS_FULL, QP_REPORT_SHARE_FULL };

/** I/O thread. The counter in `share` must outlive the report. */
enum qp_report_refusal qp_report_datagram(struct qp_reports *reports, const uint8_t *data, size_t length,
                                          const struct qp_path *path, const struct qp_report_share *share);
/** I/O thread. Discards the fault if there is no room, as JavaScript then has plenty to read. */
void qp_report_fault(struct qp_reports *reports, int error, const char *call);

/** Control thread: takes up to `max` reports in order. The caller frees each. */
struct qp_report *qp_reports_take(struct qp_reports *reports, size_t max);

#endif
