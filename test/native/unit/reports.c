/* What waits for JavaScript. */
#include "../../../src/forwarder/native/reports.h"

#include <stdlib.h>

#include "../harness/check.h"
#include "../harness/suite.h"

static const struct qp_path path = { .peer = { .port = 1 } };

static void count_wakes(void *context)
{
  ++*(int *)context;
}

static enum qp_report_refusal report_of(struct qp_reports *reports, size_t length, uint32_t *waiting)
{
  static const uint8_t bytes[65536];
  return qp_report_datagram(reports, bytes, length, &path, waiting);
}

/** A stranger's, or one of a subject that has nothing else waiting. */
static bool report(struct qp_reports *reports, size_t length, bool is_stranger)
{
  static uint32_t waiting[2 * QP_MAX_REPORTS];
  static size_t next;
  return report_of(reports, length, is_stranger ? NULL : &waiting[next++ % (2 * QP_MAX_REPORTS)]) == QP_REPORTED;
}

static size_t take(struct qp_reports *reports, size_t max)
{
  size_t count = 0;
  for (struct qp_report *report = qp_reports_take(reports, max), *next; report; report = next, count++) {
    next = report->next;
    free(report);
  }
  return count;
}

static void are_taken_in_parts(void)
{
  int wakes = 0;
  struct qp_reports reports;
  qp_reports_init(&reports, count_wakes, &wakes);
  for (int i = 0; i < 10; i++)
    CHECK(report(&reports, 20, i % 2));
  CHECK(take(&reports, 4) == 4 && reports.count == 6 && reports.strangers == 3 && reports.bytes == 120);
  CHECK(report(&reports, 20, false) && wakes == 1);
  CHECK(take(&reports, 100) == 7 && reports.count == 0 && reports.strangers == 0 && reports.bytes == 0);
  CHECK(take(&reports, 100) == 0);
  CHECK(report(&reports, 20, true) && wakes == 2);
  qp_reports_destroy(&reports);
}

static void leave_room_for_registrations(void)
{
  int wakes = 0;
  struct qp_reports reports;
  qp_reports_init(&reports, count_wakes, &wakes);
  for (int i = 0; i < QP_MAX_STRANGER_REPORTS; i++)
    CHECK(report(&reports, 20, true));
  CHECK(!report(&reports, 20, true));
  for (int i = QP_MAX_STRANGER_REPORTS; i < QP_MAX_REPORTS; i++)
    CHECK(report(&reports, 20, false));
  CHECK(!report(&reports, 20, false));
  CHECK(take(&reports, 1) == 1 && report(&reports, 20, true) && !report(&reports, 20, false));
  qp_reports_destroy(&reports);
}

static void leave_room_for_other_subjects(void)
{
  int wakes = 0;
  uint32_t greedy = 0, modest = 0;
  struct qp_reports reports;
  qp_reports_init(&reports, count_wakes, &wakes);
  for (int i = 0; i < QP_MAX_SUBJECT_REPORTS; i++)
    CHECK(report_of(&reports, 20, &greedy) == QP_REPORTED);
  CHECK(report_of(&reports, 20, &greedy) == QP_REPORT_SHARE_FULL && greedy == QP_MAX_SUBJECT_REPORTS);
  CHECK(report_of(&reports, 20, &modest) == QP_REPORTED);
  CHECK(take(&reports, 1) == 1 && report_of(&reports, 20, &greedy) == QP_REPORTED);
  CHECK(report_of(&reports, 20, &greedy) == QP_REPORT_SHARE_FULL);
  CHECK(take(&reports, QP_MAX_REPORTS) == QP_MAX_SUBJECT_REPORTS + 1 && greedy == 0 && modest == 0);
  qp_reports_destroy(&reports);
}

static void are_bounded_in_bytes(void)
{
  int wakes = 0;
  struct qp_reports reports;
  qp_reports_init(&reports, count_wakes, &wakes);
  for (size_t bytes = 0; bytes + 65536 <= QP_MAX_REPORT_BYTES; bytes += 65536)
    CHECK(report(&reports, 65536, false));
  CHECK(!report(&reports, 1, false));
  qp_reports_destroy(&reports);
}

static const struct test tests[] = {
  { "reports are taken in parts, and wake once for all of them", are_taken_in_parts },
  { "strangers leave room for what registrations pay for", leave_room_for_registrations },
  { "a subject leaves room for others", leave_room_for_other_subjects },
  { "reports are bounded in bytes", are_bounded_in_bytes },
};

const struct suite reports_suite = SUITE("reports", tests);
