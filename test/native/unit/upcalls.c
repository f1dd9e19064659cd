/* The queue of upcalls that wait for JavaScript. */
#include "../../../src/forwarder/native/stun/upcalls.h"

#include <stdlib.h>

#include "../harness/check.h"
#include "../harness/suite.h"

enum { MAX = 40, MAX_OF_ONE = 7 };

static const struct qp_path path = { .peer = { .port = 1 } };

static void count_wakes(void *context)
{
  ++*(int *)context;
}

static enum qp_counter upcall_of(struct qp_upcalls *upcalls, uint32_t *waiting)
{
  static const uint8_t bytes[20];
  const struct qp_upcall_share share = { waiting, MAX_OF_ONE };
  return qp_upcall_datagram(upcalls, bytes, sizeof bytes, &path, &share);
}

static size_t take(struct qp_upcalls *upcalls, size_t max)
{
  size_t count = 0;
  for (struct qp_upcall *upcall = qp_upcalls_take(upcalls, max), *next; upcall; upcall = next, count++) {
    next = upcall->next;
    free(upcall);
  }
  return count;
}

static void are_taken_in_parts(void)
{
  int wakes = 0;
  uint32_t odd = 0, even = 0;
  struct qp_upcalls upcalls;
  qp_upcalls_init(&upcalls, MAX, count_wakes, &wakes);
  for (int i = 0; i < 6; i++)
    CHECK(upcall_of(&upcalls, i % 2 ? &odd : &even) == QP_ALLOWED);
  CHECK(take(&upcalls, 3) == 3 && upcalls.count == 3 && odd == 2 && even == 1);
  CHECK(upcall_of(&upcalls, &odd) == QP_ALLOWED && wakes == 1);
  CHECK(take(&upcalls, 100) == 4 && upcalls.count == 0 && odd == 0 && even == 0);
  CHECK(take(&upcalls, 100) == 0);
  CHECK(upcall_of(&upcalls, &odd) == QP_ALLOWED && wakes == 2);
  qp_upcalls_destroy(&upcalls);
}

static void leave_room_for_others(void)
{
  int wakes = 0;
  uint32_t greedy = 0, modest = 0;
  struct qp_upcalls upcalls;
  qp_upcalls_init(&upcalls, MAX, count_wakes, &wakes);
  for (int i = 0; i < MAX_OF_ONE; i++)
    CHECK(upcall_of(&upcalls, &greedy) == QP_ALLOWED);
  CHECK(upcall_of(&upcalls, &greedy) == QP_STUN_OVER_SHARE && greedy == MAX_OF_ONE);
  CHECK(upcall_of(&upcalls, &modest) == QP_ALLOWED);
  CHECK(take(&upcalls, 1) == 1 && upcall_of(&upcalls, &greedy) == QP_ALLOWED);
  CHECK(upcall_of(&upcalls, &greedy) == QP_STUN_OVER_SHARE);
  CHECK(take(&upcalls, MAX) == MAX_OF_ONE + 1 && greedy == 0 && modest == 0);
  qp_upcalls_destroy(&upcalls);
}

static void are_bounded(void)
{
  int wakes = 0;
  uint32_t waiting[MAX + 1] = { 0 };
  struct qp_upcalls upcalls;
  qp_upcalls_init(&upcalls, MAX, count_wakes, &wakes);
  for (int i = 0; i < MAX; i++)
    CHECK(upcall_of(&upcalls, &waiting[i]) == QP_ALLOWED);
  CHECK(upcall_of(&upcalls, &waiting[MAX]) == QP_STUN_OVERLOADED && waiting[MAX] == 0);
  qp_upcall_fault(&upcalls, 1, "a fault has no share, and no room either");
  CHECK(take(&upcalls, 100) == MAX);
  qp_upcalls_destroy(&upcalls);
}

static const struct test tests[] = {
  { "upcalls are taken in parts, and wake once for all of them", are_taken_in_parts },
  { "who pays leaves room for others", leave_room_for_others },
  { "upcalls are bounded", are_bounded },
};

const struct suite upcalls_suite = SUITE("upcalls", tests);
