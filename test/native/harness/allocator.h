/* Takes the place of `malloc`, `calloc` and `realloc` (linked with `--wrap`), to be out of memory where a test says. */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

/** Allocations that succeed before one fails, and all after it succeed again; negative: none fails. */
extern _Thread_local int allocations_left;

#endif
