/* The fuzzer's bytes as decisions; zeros once they are used up. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
  const uint8_t *at, *end;
};

static inline uint8_t next_byte(struct input *input)
{
  return input->at < input->end ? *input->at++ : 0;
}

/** A number from 0 to `limit` − 1. */
static inline unsigned next_below(struct input *input, unsigned limit)
{
  return next_byte(input) % limit;
}

#endif
