#include <unistd.h>

#include "../../../src/xdp/native/calls.h"
#include "../../../src/xdp/native/kernel.h"
#include "../../native/harness/check.h"
#include "../next-process.h"
#include "../suites.h"

static void are_replaced_when_older(void)
{
  const uint32_t first = 0;
  struct qp_config config;
  next_process_prepare();
  CHECK(qp_bpf_get(rig.kernel.config, &first, &config) == 0);
  config.version--;
  CHECK(qp_bpf_set(rig.kernel.config, &first, &config) == 0);
  next_process_replaces();
  folder_close();
}

static void are_replaced_by_other_sizes(void)
{
  const struct qp_kernel_options options[] = {
    { .max_routes = MAX_ROUTES + 1, .max_sessions = PEOPLE, .max_buckets = PEOPLE, .pin_path = FOLDER },
    { .max_routes = MAX_ROUTES, .max_sessions = PEOPLE + 1, .max_buckets = PEOPLE, .pin_path = FOLDER },
    { .max_routes = MAX_ROUTES, .max_sessions = PEOPLE, .max_buckets = PEOPLE + 1, .pin_path = FOLDER },
  };
  for (int i = 0; i < 3; i++) {
    next_process_prepare();
    qp_kernel_close(&rig.kernel);
    CHECK(qp_kernel_open(&rig.kernel, &options[i]) == 0);
    CHECK(!rig.kernel.is_adopted && rig.kernel.pin_path && folder_count() == 0);
    rig_reset();
    next_process_replaces();
    folder_close();
  }
}

static const char *const objects[PINNED_OBJECTS] = {
  "program",  "routes",  "senders",    "local_addresses", "redirect_targets",
  "sessions", "buckets", "processors", "config",          "flows",
};

static void are_replaced_when_one_is_missing(void)
{
  for (int i = 0; i < PINNED_OBJECTS; i++) {
    next_process_prepare();
    rig.at = objects[i];
    folder_unpin(objects[i]);
    next_process_replaces();
    folder_close();
  }
}

static void are_replaced_under_a_former_name(void)
{
  next_process_prepare();
  int senders = folder_pin("senders");
  folder_unpin("senders");
  CHECK(qp_bpf_pin(senders, FOLDER "/sources") == 0);
  close(senders);
  next_process_replaces();
  folder_close();
}

struct files {
  int all[PINNED_OBJECTS];
};

/** Returns the files in the order of `objects`. */
static struct files files_of(const struct qp_kernel *kernel)
{
  return (struct files){ {
    kernel->program,
    kernel->routes,
    kernel->senders,
    kernel->local_addresses,
    kernel->redirect_targets,
    kernel->sessions,
    kernel->buckets,
    kernel->processors,
    kernel->config,
    kernel->flows,
  } };
}

static void are_replaced_when_one_is_foreign(void)
{
  int other = load_other(NULL, 0);
  struct qp_kernel twin;
  const struct qp_kernel_options options = {
    .max_routes = MAX_ROUTES,
    .max_sessions = PEOPLE,
    .max_buckets = PEOPLE,
  };
  CHECK(qp_kernel_open(&twin, &options) == 0);
  const struct files twins = files_of(&twin);
  for (int i = 0; i < 2 * PINNED_OBJECTS; i++) {
    next_process_prepare();
    rig.at = objects[i / 2];
    folder_replace(objects[i / 2], i % 2 ? twins.all[i / 2] : other);
    next_process_replaces();
    folder_close();
  }
  qp_kernel_close(&twin);
  close(other);
}

static void are_replaced_when_the_program_is_another(void)
{
  next_process_prepare();
  const struct files files = files_of(&rig.kernel);
  int other = load_other(files.all + 1, PINNED_OBJECTS - 1);
  folder_replace("program", other);
  next_process_replaces();
  folder_close();
  close(other);
}

static const struct test tests[] = {
  { "of an older layout", are_replaced_when_older },
  { "of other sizes", are_replaced_by_other_sizes },
  { "of which one is missing", are_replaced_when_one_is_missing },
  { "of which one has a former name", are_replaced_under_a_former_name },
  { "of which one is foreign, or another program's of the same kind", are_replaced_when_one_is_foreign },
  { "of another program with the same maps", are_replaced_when_the_program_is_another },
};

const struct suite replacements_suite = SUITE("replacements", tests);
