/* Runs the C tests, or only the suites named by its arguments. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../harness/suite.h"

static const struct suite *const suites[] = {
  &siphash_suite, &blake2b_suite, &demux_suite,   &permutation_suite, &table_suite,
  &routes_suite,  &bucket_suite,  &places_suite,  &splice_suite,      &outbox_suite,
  &refusal_suite, &memory_suite,  &sockets_suite, &upcalls_suite,     &stun_gate_suite,
};

static double now_ms(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void run(const struct suite *suite)
{
  printf("  %s\n", suite->noun);
  for (size_t i = 0; i < suite->count; i++) {
    /* Printed first, so that a test that aborts the program is named. */
    printf("    %s", suite->tests[i].sentence);
    fflush(stdout);
    double start = now_ms();
    suite->tests[i].run();
    printf(" (%.0f ms)\n", now_ms() - start);
  }
}

int main(int count, char **nouns)
{
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
    bool is_chosen = count == 1;
    for (int noun = 1; noun < count; noun++)
      is_chosen |= strcmp(nouns[noun], suites[i]->noun) == 0;
    if (is_chosen)
      run(suites[i]);
  }
  return 0;
}
