#include "reports.h"

#include <stdlib.h>

void qp_reports_init(struct qp_reports *reports, uint32_t max, void (*wake)(void *context), void *context)
{
  *reports = (struct qp_reports){ .max = max, .wake = wake, .context = context };
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

static enum qp_report_refusal refusal_of(const struct qp_reports *reports, const struct qp_report_share *share)
{
  if (share->waiting && *share->waiting >= share->max)
    return QP_REPORT_SHARE_FULL;
  return reports->count < reports->max ? QP_REPORTED : QP_REPORTS_FULL;
}

/** Takes ownership of the report, unless it is refused. */
static enum qp_report_refusal append(struct qp_reports *reports, struct qp_report *report,
                                     const struct qp_report_share *share)
{
  pthread_mutex_lock(&reports->mutex);
  enum qp_report_refusal refusal = refusal_of(reports, share);
  bool is_first = reports->count == 0;
  if (refusal == QP_REPORTED) {
    *reports->end = report;
    reports->end = &report->next;
    reports->count++;
    report->waiting = share->waiting;
    if (report->waiting)
      ++*report->waiting;
  }
  pthread_mutex_unlock(&reports->mutex);
  if (refusal == QP_REPORTED && is_first)
    reports->wake(reports->context);
  return refusal;
}

enum qp_report_refusal qp_report_datagram(struct qp_reports *reports, const uint8_t *data, size_t length,
                                          const struct qp_path *path, const struct qp_report_share *share)
{
  struct qp_report *report = malloc(sizeof *report + length);
  if (!report)
    return QP_REPORTS_FULL;
  *report = (struct qp_report){ .path = *path, .length = length };
  memcpy(report->data, data, length);
  enum qp_report_refusal refusal = append(reports, report, share);
  if (refusal != QP_REPORTED)
    free(report);
  return refusal;
}

void qp_report_fault(struct qp_reports *reports, int error, const char *call)
{
  const struct qp_report_share none = { 0 };
  struct qp_report *report = calloc(1, sizeof *report);
  if (!report)
    return;
  report->error = error;
  report->call = call;
  if (append(reports, report, &none) != QP_REPORTED)
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
  }
  reports->first = *end;
  *end = NULL;
  if (!reports->first)
    reports->end = &reports->first;
  pthread_mutex_unlock(&reports->mutex);
  return first;
}
