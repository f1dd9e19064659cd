/* The test suites of the XDP program. */
#ifndef SUITES_H
#define SUITES_H

#include "../native/harness/suite.h"

extern const struct suite vectors_suite, checksums_suite, headers_suite, policy_suite, charges_suite, next_hops_suite,
  flows_suite, senders_suite, moves_suite, tables_suite, sessions_suite, pins_suite, replacements_suite, adoption_suite,
  crashes_suite;

#endif
