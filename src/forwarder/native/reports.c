#include "reports.h"

#include <stdlib.h>

void qp_reports_init(struct qp_reports *reports, void (*wake)(void *context), void *context)
{
  *reports = (struct qp_reports){ .wake = wake, .context = context };
  reports->end = &reports->first;
  pthread_mutex_init(&reports->mutex, NULL);
}

void qp_reports_destroy(struct qp_reports *reports)
{
  for (struct qp_report *report = qp_reports_take(reports, SIZE_MAX), *next; report; report = next) {
    next = report->next;
    free(report);
  }
  pthread_mutex_destroy(&reports->mutex);
}

static bool is_share_full(const struct qp_reports *reports, const uint32_t *waiting)
{
  return waiting && *waiting >= (waiting == &reports->strangers ? QP_MAX_STRANGER_REPORTS : QP_MAX_SUBJECT_REPORTS);
}

static enum qp_report_refusal refusal_of(const struct qp_reports *reports, const struct qp_report *report)
{
  if (is_share_full(reports, report->waiting))
    return QP_REPORT_SHARE_FULL;
  bool has_room = reports->count < QP_MAX_REPORTS && reports->bytes + report->length <= QP_MAX_REPORT_BYTES;
  return has_room ? QP_REPORTED : QP_REPORTS_FULL;
}

/** Takes the report over, unless it is refused. */
static enum qp_report_refusal append(struct qp_reports *reports, struct qp_report *report)
{
  pthread_mutex_lock(&reports->mutex);
  enum qp_report_refusal refusal = refusal_of(reports, report);
  bool is_first = reports->count == 0;
  if (refusal == QP_REPORTED) {
    *reports->end = report;
    reports->end = &report->next;
    reports->count++;
    if (report->waiting)
      ++*report->waiting;
    reports->bytes += report->length;
  }
  pthread_mutex_unlock(&reports->mutex);
  if (refusal == QP_REPORTED && is_first)
    reports->wake(reports->context);
  return refusal;
}

enum qp_report_refusal qp_report_datagram(struct qp_reports *reports, const uint8_t *data, size_t length,
                                          const struct qp_path *path, uint32_t *waiting)
{
  struct qp_report *report = malloc(sizeof *report + length);
  if (!report)
    return QP_REPORTS_FULL;
  *report = (struct qp_report){ .path = *path, .length = length, .waiting = waiting ? waiting : &reports->strangers };
  memcpy(report->data, data, length);
  enum qp_report_refusal refusal = append(reports, report);
  if (refusal != QP_REPORTED)
    free(report);
  return refusal;
}

void qp_report_fault(struct qp_reports *reports, int error, const char *call)
{
  struct qp_report *report = calloc(1, sizeof *report);
  if (!report)
    return;
  report->error = error;
  report->call = call;
  if (append(reports, report) != QP_REPORTED)
    free(report);
}

struct qp_report *qp_reports_take(struct qp_reports *reports, size_t max)
{
  pthread_mutex_lock(&reports->mutex);
  struct qp_report *first = reports->first, **end = &first;
  for (; *end && max > 0; end = &(*end)->next, max--) {
    reports->count--;
    if ((*end)->waiting)
      --*(*end)->waiting;
    reports->bytes -= (*end)->length;
  }
  reports->first = *end;
  *end = NULL;
  if (!reports->first)
    reports->end = &reports->first;
  pthread_mutex_unlock(&reports->mutex);
  return first;
}
