#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "../../../src/xdp/native/kernel.h"
#include "../../native/harness/check.h"
#include "../suites.h"
#include "../verdict.h"

enum { FEW_ROUTES = 100, MANY_ROUTES = 300 };

static void counts_what_does_not_fit(void)
{
  const struct qp_kernel_options options = { .max_routes = FEW_ROUTES, .max_sessions = 1, .max_buckets = 1 };
  struct qp_kernel kernel = { 0 };
  uint8_t cids[MANY_ROUTES * CID_BYTES] = { 0 };
  CHECK(qp_kernel_open(&kernel, &options) == 0);
  for (uint32_t i = 0; i < MANY_ROUTES; i++)
    put_word(cids + i * CID_BYTES, i);
  qp_kernel_set_routes(&kernel, cids, FEW_ROUTES, 0);
  CHECK(kernel.refused_routes == 0);
  qp_kernel_set_routes(&kernel, cids, MANY_ROUTES, 0);
  CHECK(kernel.refused_routes == MANY_ROUTES - FEW_ROUTES);
  for (uint32_t i = 0; i < FEW_ROUTES; i++)
    qp_kernel_remove_route(&kernel, cids + i * CID_BYTES);
  qp_kernel_set_routes(&kernel, cids + FEW_ROUTES * CID_BYTES, FEW_ROUTES, 0);
  CHECK(kernel.refused_routes == MANY_ROUTES - FEW_ROUTES);
  qp_kernel_close(&kernel);
}

static void leads_where_it_is_told_last(void)
{
  uint8_t cid[CID_BYTES];
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  cid_of(BOB4, cid);
  forwards(&packet, ALICE4, BOB4);
  qp_kernel_set_routes(&rig.kernel, cid, 1, CAROL4);
  forwards(&packet, ALICE4, CAROL4);
  rig_set_sender(&packet.from, BOB4);
  forwards(&packet, BOB4, CAROL4);
}

static void moves_while_full(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct packet moved = packet;
  rig_reset();
  moved.from.port ^= 0xffff;
  rig_set_sender(&moved.from, ALICE4);
  forwards(&moved, ALICE4, BOB4);
  rig_remove_sender(&moved.from);
}

static void owns_up_to_lacking_sources(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct qp_udp_address others[] = { packet.from, packet.from, packet.from };
  rig_reset();
  for (int i = 0; i < 3; i++)
    others[i].port = htons((uint16_t)(3000 + i));
  struct packet unknown = packet;
  unknown.from = others[2];
  rig_set_sender(&others[0], ALICE4);
  drops_packet(&unknown, QP_TOTAL_SOURCE_UNREGISTERED);
  rig_set_sender(&others[1], ALICE4);
  CHECK(rig.kernel.may_lack_senders);
  passes_packet(&unknown);
  forwards(&packet, ALICE4, BOB4);
  /* A relay that starts with the same tables still lacks the source. */
  rig_check_senders(true);
  passes_packet(&unknown);
  rig_remove_sender(&others[0]);
  rig.kernel.may_lack_senders = false;
}

static void run_on(int processor, const struct packet *packet)
{
  cpu_set_t before, only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
  if (CPU_ISSET(processor, &before)) {
    CHECK(sched_setaffinity(0, sizeof only, &only) == 0);
    forwards(packet, ALICE4, BOB4);
    CHECK(rig.kernel.by_processor[processor].totals[QP_TOTAL_PACKETS] == 1);
  }
  CHECK(sched_setaffinity(0, sizeof before, &before) == 0);
}

static void counts_on_each_processor(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  rig_reset();
  CHECK(rig.kernel.processor_count >= (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
  for (uint32_t i = 0; i < rig.kernel.processor_count && i < CPU_SETSIZE; i++)
    run_on((int)i, &packet);
}

static void lets_go_of_everything(void)
{
  const struct qp_kernel_options options = { .max_routes = 1, .max_sessions = 1, .max_buckets = 1 };
  struct qp_kernel kernel = { 0 };
  CHECK(qp_kernel_open(&kernel, &options) == 0);
  qp_kernel_close(&kernel);
  CHECK(kernel.program == -1 && kernel.redirect_targets == -1 && !kernel.states && !kernel.by_subject &&
        !kernel.by_processor);
  qp_kernel_close(&kernel);
}

static void leave_nothing_open(void)
{
  const struct qp_kernel_options options = { .max_routes = UINT32_MAX, .max_sessions = 1, .max_buckets = 1 };
  struct qp_kernel kernel = { 0 };
  CHECK(qp_kernel_open(&kernel, &options) == E2BIG);
  CHECK(kernel.program == -1 && kernel.redirect_targets == -1);
  qp_kernel_close(&kernel);
}

static const struct test tests[] = {
  { "take what fits, and count the routes that do not", counts_what_does_not_fit },
  { "lead where they were told last", leads_where_it_is_told_last },
  { "have room for a session at both of its addresses while it moves", moves_while_full },
  { "own up to a source that found no room, and leave all unknown ones to user space", owns_up_to_lacking_sources },
  { "count in total on each processor for itself", counts_on_each_processor },
  { "are let go of, once", lets_go_of_everything },
  { "that could not be made have nothing to let go of", leave_nothing_open },
};

const struct suite tables_suite = SUITE("tables", tests);
