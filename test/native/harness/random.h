/* Seeded random numbers, so that a failure repeats: a linear congruential generator whose upper half is mixed. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

struct random {
  uint64_t state;
};

static inline uint32_t random_word(struct random *random)
{
  random->state = random->state * 6364136223846793005u + 1442695040888963407u;
  uint32_t word = (uint32_t)(random->state >> 32);
  return word ^ word >> 15;
}

/** Returns a number from 0 to `limit` − 1. */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
  return (uint32_t)((uint64_t)random_word(random) * limit >> 32);
}

#endif
