/*
 * The demultiplexing rules once more, slow and plain: by index and length where bpf/parse.h has
 * pointers, and in the words of the rules. What the fuzzers hold the forwarder to.
 */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sort { SORT_EMPTY, SORT_STUN, SORT_QUIC, SORT_OTHER };

/** Where in a datagram there is something to look up; −1 where there is nothing. */
struct places {
  enum sort sort;
  int destination, initial, initial_bytes, source;
};

struct places places_in(const uint8_t *data, size_t length);

#endif
