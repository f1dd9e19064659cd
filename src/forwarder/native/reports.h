/*
 * What the I/O threads hand over to JavaScript: STUN messages, and faults of the sockets themselves. Bounded: what
 * JavaScript does not take in time is refused. Strangers together have a share of the places, and so has each subject.
 */
#ifndef QP_REPORTS_H
#define QP_REPORTS_H

#include <pthread.h>

#include "address.h"

enum {
  /** Renewals of 100 000 registrations while JavaScript is busy for 150 ms. */
  QP_MAX_REPORTS = 1024,
  /** Those of strangers, which so leave room for what registrations pay for. */
  QP_MAX_STRANGER_REPORTS = 256,
  /** Those of one subject: one of each of its registrations. */
  QP_MAX_SUBJECT_REPORTS = 64,
  QP_MAX_REPORT_BYTES = 1024 * 1024,
};

struct qp_report {
  struct qp_report *next;
  /** Which way the datagram came. */
  struct qp_path path;
  /** 0 for a datagram, or else the `errno` of a fault, and which call it came from. */
  int error;
  const char *call;
  /** Counts what waits of who pays for it, this included; null for a fault. */
  uint32_t *waiting;
  size_t length;
  uint8_t data[];
};

struct qp_reports {
  pthread_mutex_t mutex;
  struct qp_report *first;
  struct qp_report **end;
  size_t count, bytes;
  uint32_t strangers;
  /** Called by an I/O thread for the first report after all were taken; must not block. */
  void (*wake)(void *context);
  void *context;
};

void qp_reports_init(struct qp_reports *reports, void (*wake)(void *context), void *context);
void qp_reports_destroy(struct qp_reports *reports);

enum qp_report_refusal { QP_REPORTED, QP_REPORTS_FULL, QP_REPORT_SHARE_FULL };

/** I/O thread: `waiting` counts what waits of the subject that pays, which outlives it; null for a stranger. */
enum qp_report_refusal qp_report_datagram(struct qp_reports *reports, const uint8_t *data, size_t length,
                        const struct qp_path *path, uint32_t *waiting);
/** I/O thread: no report is made where there is no room, as JavaScript has plenty to read then. */
void qp_report_fault(struct qp_reports *reports, int error, const char *call);

/** Control thread: up to `max` reports in their order; the caller frees each. */
struct qp_report *qp_reports_take(struct qp_reports *reports, size_t max);

#endif
