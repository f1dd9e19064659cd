/* Assertions. A failed check aborts the program on the spot, so that a fuzzer keeps the input. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) check(condition, #condition, __FILE__, __LINE__)

static inline void check(bool holds, const char *condition, const char *file, int line)
{
  if (holds)
    return;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
  abort();
}

#endif
