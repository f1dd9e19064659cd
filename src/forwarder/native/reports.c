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

/** Takes the report over; false if there is no room. */
static bool append(struct qp_reports *reports, struct qp_report *report)
{
  pthread_mutex_lock(&reports->mutex);
  bool has_room = reports->count < QP_MAX_REPORTS && reports->bytes + report->length <= QP_MAX_REPORT_BYTES &&
                  (!report->is_stranger || reports->strangers < QP_MAX_STRANGER_REPORTS);
  bool is_first = reports->count == 0;
  if (has_room) {
    *reports->end = report;
    reports->end = &report->next;
    reports->count++;
    reports->strangers += report->is_stranger;
    reports->bytes += report->length;
  }
  pthread_mutex_unlock(&reports->mutex);
  if (has_room && is_first)
    reports->wake(reports->context);
  return has_room;
}

bool qp_report_datagram(struct qp_reports *reports, const uint8_t *data, size_t length,
                        const struct qp_path *path, bool is_stranger)
{
  struct qp_report *report = malloc(sizeof *report + length);
  if (!report)
    return false;
  *report = (struct qp_report){ .path = *path, .length = length, .is_stranger = is_stranger };
  memcpy(report->data, data, length);
  if (append(reports, report))
    return true;
  free(report);
  return false;
}

void qp_report_fault(struct qp_reports *reports, int error, const char *call)
{
  struct qp_report *report = calloc(1, sizeof *report);
  if (!report)
    return;
  report->error = error;
  report->call = call;
  if (!append(reports, report))
    free(report);
}

struct qp_report *qp_reports_take(struct qp_reports *reports, size_t max)
{
  pthread_mutex_lock(&reports->mutex);
  struct qp_report *first = reports->first, **end = &first;
  for (; *end && max > 0; end = &(*end)->next, max--) {
    reports->count--;
    reports->strangers -= (*end)->is_stranger;
    reports->bytes -= (*end)->length;
  }
  reports->first = *end;
  *end = NULL;
  if (!reports->first)
    reports->end = &reports->first;
  pthread_mutex_unlock(&reports->mutex);
  return first;
}
