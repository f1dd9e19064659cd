/* Runs the tests of the XDP program, or only the suites named by its arguments. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rig.h"
#include "suites.h"

static const struct suite *const suites[] = {
  &vectors_suite,   &headers_suite, &checksums_suite,    &policy_suite,   &charges_suite,
  &next_hops_suite, &flows_suite,   &senders_suite,      &moves_suite,    &tables_suite,
  &sessions_suite,  &pins_suite,    &replacements_suite, &adoption_suite, &crashes_suite,
};

static void name_case(int signal_number)
{
  (void)signal_number;
  if (rig.at)
    fprintf(stderr, "at: %s\n", rig.at);
}

static void run_suite(const struct suite *suite)
{
  printf("  %s\n", suite->noun);
  for (size_t i = 0; i < suite->count; i++) {
    /* Printed first, so that a test that aborts the program is named. */
    printf("    %s", suite->tests[i].sentence);
    fflush(stdout);
    uint64_t start_ns = now_ns();
    rig.at = NULL;
    suite->tests[i].run();
    printf(" (%.0f ms)\n", (double)(now_ns() - start_ns) / 1e6);
  }
}

int main(int count, char **nouns)
{
  int error = rig_open();
  if (error) {
    fprintf(stderr, "the XDP program does not load here: %s\n", strerror(error));
    return 1;
  }
  signal(SIGABRT, name_case);
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
    bool is_chosen = count == 1;
    for (int noun = 1; noun < count; noun++)
      is_chosen |= strcmp(nouns[noun], suites[i]->noun) == 0;
    if (is_chosen)
      run_suite(suites[i]);
  }
  return 0;
}
