/* The C tests. Each has a sentence that it proves. */
#ifndef SUITE_H
#define SUITE_H

#include <stdbool.h>
#include <stddef.h>

struct test {
  const char *sentence;
  void (*run)(void);
};

struct suite {
  const char *noun;
  const struct test *tests;
  size_t count;
};

/* clang-format off */
#define SUITE(noun, tests) { noun, tests, sizeof tests / sizeof tests[0] }
/* clang-format on */

extern const struct suite bucket_suite, memory_suite, outbox_suite, permutation_suite, places_suite, refusal_suite,
  demux_suite, upcalls_suite, routes_suite, siphash_suite, blake2b_suite, sockets_suite, splice_suite, stun_gate_suite,
  table_suite;

#endif
