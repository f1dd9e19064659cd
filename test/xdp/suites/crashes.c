#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../src/forwarder/native/tables/adoption.h"
#include "../../../src/xdp/native/attach/attachments.h"
#include "../../../src/xdp/native/calls.h"
#include "../../../src/xdp/native/kernel.h"
#include "../../native/harness/check.h"
#include "../../native/harness/random.h"
#include "../machine/folder.h"
#include "../suites.h"
#include "../user-sessions.h"
#include "../verdict.h"

/** A process starts, works for a while and ends in less time than MAX_LIFE_NS. */
enum { CRASHES = 50, MAX_LIFE_NS = 25000000 };

static unsigned far_end(void)
{
  return rig.host.ends[EAST];
}

/** Starts up as a process does. */
static struct user_sessions *start(void)
{
  CHECK(rig_load(FOLDER) == 0 && rig.kernel.pin_error == 0);
  struct user_sessions *user = user_sessions_create();
  CHECK(!rig.kernel.is_adopted || qp_sessions_adopt(&user->sessions, now_ns()) == 0);
  rig_check_senders(true);
  CHECK(rig.kernel.pin_error == 0);
  if (rig.kernel.attachments.count == 0)
    CHECK(qp_kernel_attach(&rig.kernel, far_end(), 0) == 0);
  return user;
}

static void stop(struct user_sessions *user)
{
  user_sessions_destroy(user);
  qp_kernel_close(&rig.kernel);
}

/** Opens, moves or closes a session that receives no packets. */
static void disturb(struct user_sessions *user, struct random *random)
{
  static const char *const ips[] = { "198.51.100.2", "2001:db8:2::2" };
  const uint16_t port = (uint16_t)(2000 + random_below(random, 100));
  const struct qp_path address = endpoint_from(ips[random_below(random, 2)], port);
  if (!qp_session_is_open(&user->sessions, CAROL4))
    user_sessions_open(user, CAROL4, &address);
  else if (random_below(random, 4) == 0)
    qp_session_close(&user->sessions, CAROL4);
  else
    CHECK(qp_session_move(&user->sessions, CAROL4, &address));
}

static void make_older(void)
{
  const uint32_t first = 0;
  struct qp_config config;
  CHECK(qp_bpf_get(rig.kernel.config, &first, &config) == 0);
  config.version--;
  CHECK(qp_bpf_set(rig.kernel.config, &first, &config) == 0);
}

/** Runs one process after the other, until killed. */
static void live_and_adopt(struct random *random)
{
  for (;;) {
    struct user_sessions *user = start();
    CHECK(rig.kernel.is_adopted);
    for (int i = 0; i < 100; i++)
      disturb(user, random);
    stop(user);
  }
}

/** Leaves pins that have to be replaced after half of the lives. */
static void live_and_replace(struct random *random)
{
  for (;;) {
    struct user_sessions *user = start();
    if (random_below(random, 2) == 0)
      make_older();
    stop(user);
  }
}

static pid_t begin_life(void (*live)(struct random *random), struct random *random)
{
  random_word(random);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0)
    live(random);
  return child;
}

static void kill_it(pid_t child)
{
  int status = 0;
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/** Runs the program by nothing but its pin, until `end_ns`. */
static uint64_t forward_until(uint64_t end_ns, const struct frame *in, const struct frame *out)
{
  uint64_t count = 0;
  do {
    const struct outcome outcome = run(in);
    CHECK(outcome.verdict == XDP_TX && same_frame(&outcome.frame, out));
    count++;
  } while (now_ns() < end_ns);
  return count;
}

static void lose_no_packet(void)
{
  struct random random = { 1 };
  uint64_t forwarded = 0;
  folder_open();
  CHECK(qp_kernel_attach(&rig.kernel, far_end(), 0) == 0);
  const struct packet packet = packet_between(ALICE4, BOB4), after = packet_after(&packet, BOB4);
  const struct frame in = frame_of(&packet), out = frame_of(&after);
  rig_bucket(ALICE4)->token_ns_q16 = 0;
  qp_kernel_close(&rig.kernel);
  int program = rig.kernel.program = folder_pin("program");
  for (int i = 0; i < CRASHES; i++) {
    pid_t child = begin_life(live_and_adopt, &random);
    forwarded += forward_until(now_ns() + random_below(&random, MAX_LIFE_NS), &in, &out);
    kill_it(child);
    forwarded += forward_until(0, &in, &out);
  }
  close(program);
  stop(start());
  CHECK(rig_load(FOLDER) == 0 && rig.kernel.is_adopted && rig.kernel.attachments.count == 1);
  CHECK(rig_total(QP_TOTAL_PACKETS) == forwarded);
  CHECK(rig.kernel.states[BOB4].counters[QP_PACKETS_OFFLOADED] == forwarded);
  printf(": %llu packets", (unsigned long long)forwarded);
  folder_close();
}

static void leave_what_can_be_replaced(void)
{
  const struct packet packet = packet_between(ALICE4, BOB4);
  struct random random = { 2 };
  folder_open();
  qp_kernel_close(&rig.kernel);
  unsigned adopted = 0;
  for (int i = 0; i < CRASHES; i++) {
    pid_t child = begin_life(live_and_replace, &random);
    usleep(random_below(&random, MAX_LIFE_NS) / 1000);
    kill_it(child);
    struct user_sessions *user = start();
    adopted += rig.kernel.is_adopted;
    rig_reset();
    forwards(&packet, ALICE4, BOB4);
    CHECK(folder_count() == PINNED_OBJECTS + 1);
    if (i % 2 == 0)
      make_older();
    stop(user);
  }
  CHECK(adopted > 0 && adopted < CRASHES);
  printf(": %u of %d adopted", adopted, CRASHES);
  folder_close();
}

static const struct test tests[] = {
  { "at any moment of adoption and after lose no packet", lose_no_packet },
  { "at any moment of replacement leave what the next process adopts or replaces", leave_what_can_be_replaced },
};

const struct suite crashes_suite = SUITE("crashes", tests);
