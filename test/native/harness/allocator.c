#include "allocator.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

_Thread_local int allocations_left = -1;

static bool has_memory(void)
{
  return allocations_left < 0 || allocations_left-- != 0;
}

void *__wrap_malloc(size_t bytes)
{
  return has_memory() ? __real_malloc(bytes) : NULL;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
  return has_memory() ? __real_calloc(count, bytes) : NULL;
}

void *__wrap_realloc(void *memory, size_t bytes)
{
  return has_memory() ? __real_realloc(memory, bytes) : NULL;
}
