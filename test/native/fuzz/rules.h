/*
 * A second, slow and plain implementation of the demultiplexing rules: by index and length where bpf/parse.h uses
 * pointers, and in the words of the rules. The fuzzers hold the forwarder to it.
 */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sort { SORT_EMPTY, SORT_STUN, SORT_QUIC, SORT_OTHER };

/** Offsets in a datagram of values to look up; −1 for none. */
struct offsets {
  enum sort sort;
  int destination, initial, initial_bytes, source;
};

struct offsets offsets_in(const uint8_t *data, size_t length);

#endif
