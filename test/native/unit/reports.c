/* The queue of reports that wait for JavaScript. */
#include "../../../src/forwarder/native/stun/reports.h"

#include <stdlib.h>

#include "../harness/check.h"
#include "../harness/suite.h"

enum { MAX = 40, MAX_OF_ONE = 7 };

static const struct qp_path path = { .peer = { .port = 1 } };

static void count_wakes(void *context)
{
  ++*(int *)context;
}

static enum qp_report_refusal report_of(struct qp_reports *reports, uint32_t *waiting)
{
  static const uint8_t bytes[20];
  const struct qp_report_share share = { waiting, MAX_OF_ONE };
  return qp_report_datagram(reports, bytes, sizeof bytes, &path, &share);
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
  uint32_t odd = 0, even = 0;
  struct qp_reports reports;
  qp_reports_init(&reports, MAX, count_wakes, &wakes);
  for (int i = 0; i < 6; i++)
    CHECK(report_of(&reports, i % 2 ? &odd : &even) == QP_REPORTED);
  CHECK(take(&reports, 3) == 3 && reports.count == 3 && odd == 2 && even == 1);
  CHECK(report_of(&reports, &odd) == QP_REPORTED && wakes == 1);
  CHECK(take(&reports, 100) == 4 && reports.count == 0 && odd == 0 && even == 0);
  CHECK(take(&reports, 100) == 0);
  CHECK(report_of(&reports, &odd) == QP_REPORTED && wakes == 2);
  qp_reports_destroy(&reports);
}

static void leave_room_for_others(void)
{
  int wakes = 0;
  uint32_t greedy = 0, modest = 0;
  struct qp_reports reports;
  qp_reports_init(&reports, MAX, count_wakes, &wakes);
  for (int i = 0; i < MAX_OF_ONE; i++)
    CHECK(report_of(&reports, &greedy) == QP_REPORTED);
  CHECK(report_of(&reports, &greedy) == QP_REPORT_SHARE_FULL && greedy == MAX_OF_ONE);
  CHECK(report_of(&reports, &modest) == QP_REPORTED);
  CHECK(take(&reports, 1) == 1 && report_of(&reports, &greedy) == QP_REPORTED);
  CHECK(report_of(&reports, &greedy) == QP_REPORT_SHARE_FULL);
  CHECK(take(&reports, MAX) == MAX_OF_ONE + 1 && greedy == 0 && modest == 0);
  qp_reports_destroy(&reports);
}

static void are_bounded(void)
{
  int wakes = 0;
  uint32_t waiting[MAX + 1] = { 0 };
  struct qp_reports reports;
  qp_reports_init(&reports, MAX, count_wakes, &wakes);
  for (int i = 0; i < MAX; i++)
    CHECK(report_of(&reports, &waiting[i]) == QP_REPORTED);
  CHECK(report_of(&reports, &waiting[MAX]) == QP_REPORTS_FULL && waiting[MAX] == 0);
  qp_report_fault(&reports, 1, "a fault has no share, and no room either");
  CHECK(take(&reports, 100) == MAX);
  qp_reports_destroy(&reports);
}

static const struct test tests[] = {
  { "reports are taken in parts, and wake once for all of them", are_taken_in_parts },
  { "who pays leaves room for others", leave_room_for_others },
  { "reports are bounded", are_bounded },
};

const struct suite reports_suite = SUITE("reports", tests);
