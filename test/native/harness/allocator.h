/* Replaces `malloc`, `calloc` and `realloc` (linked with `--wrap`), so that a test can make an allocation fail. */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

/** Number of allocations that succeed before one fails; those after it succeed again. Negative: none fails. */
extern _Thread_local int allocations_left;

#endif
