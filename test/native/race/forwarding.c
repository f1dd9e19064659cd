/*
 * Threads forward while this one opens, moves, re-routes, re-rates and closes sessions, sets and deletes initial
 * routes, looks up clients, reads counters and frees memory. ThreadSanitizer detects unordered access, and
 * AddressSanitizer detects memory freed too early. Each datagram is checked for where it may go (reader.c).
 */
#include <pthread.h>
#include <time.h>

#include "../harness/check.h"
#include "race.h"

static void begin(struct race *race)
{
  const struct rig_options options = {
    .threads = READERS, .max_clients = 7, .max_on_probation = 3, .max_settled = 2, .clock = &race->clock
  };
  race->rig = create_rig(&options);
  race->random.state = 1;
  uint8_t cids[ANCHOR_CIDS * QP_CID_BYTES];
  struct qp_address at_sender = owner_address(SENDER, 0), at_anchor = owner_address(ANCHOR, 0);
  race->sender = open_session(race->rig, NULL, 0, &at_sender);
  race->anchor = open_session(race->rig, cids, write_cids(cids, ANCHOR, 0, ANCHOR_CIDS), &at_anchor);
  set_initial_route(race, ANCHOR, race->anchor);
  for (unsigned subject = 0; subject < SUBJECTS; subject++)
    open_bucket(race, subject);
}

/**
 * Every datagram must be counted once, and all those to the anchor must have left. Returns the number of the latter.
 */
static uint64_t check_reader(const struct reader *reader)
{
  const __u64 *counted = reader->rig->workers[reader->index].relay.counters.values;
  uint64_t sum = 0;
  for (int i = 0; i < QP_COUNTER_COUNT; i++)
    sum += i == QP_RELAYED_BYTES ? 0 : counted[i];
  CHECK(sum == reader->given);
  CHECK(counted[QP_RELAYED_PACKETS] + counted[QP_GATEWAY_IN] + counted[QP_GATEWAY_OUT] == reader->left);
  CHECK(reader->anchor_left == reader->anchor_given);
  return reader->anchor_left;
}

static void check_end(const struct race *race)
{
  uint64_t given = 0, to_anchor = 0;
  for (int i = 0; i < READERS; i++) {
    given += race->readers[i].given;
    to_anchor += check_reader(&race->readers[i]);
  }
  CHECK(race->rig->tables.sessions.states[race->anchor].counters[QP_PACKETS_TO] == to_anchor);
  printf("  %ju datagrams, %ju of them to one that is always there\n", (uintmax_t)given, (uintmax_t)to_anchor);
}

static double now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** Returns the number of changes. */
static uintmax_t run(struct race *race, double seconds)
{
  pthread_t threads[READERS];
  _Atomic bool is_over = false;
  uintmax_t changes = 0;
  for (unsigned i = 0; i < READERS; i++) {
    race->readers[i] = (struct reader){ .rig = race->rig, .index = i, .random = { 2 + i }, .is_over = &is_over };
    CHECK(pthread_create(&threads[i], NULL, run_reader, &race->readers[i]) == 0);
  }
  for (double end_s = now_s() + seconds; now_s() < end_s; changes++)
    change(race);
  atomic_store(&is_over, true);
  for (int i = 0; i < READERS; i++)
    pthread_join(threads[i], NULL);
  return changes;
}

int main(int count, char **arguments)
{
  static struct race race;
  begin(&race);
  uintmax_t changes = run(&race, count > 1 ? atof(arguments[1]) : 5);
  printf("  %ju changes while %d threads forwarded\n", changes, READERS);
  check_end(&race);
  qp_forwarder_destroy(race.rig);
  return 0;
}
