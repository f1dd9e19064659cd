/*
 * Large allocations in pages of their own: zeroed, committed only when touched, and returned to the system at once when
 * freed, whatever the state of the heap.
 */
#ifndef QP_PAGES_H
#define QP_PAGES_H

#include <stddef.h>
#include <sys/mman.h>

/** Returns null if out of memory. */
static inline void *qp_pages_allocate(size_t bytes)
{
  void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

/** `bytes` must equal the allocated size; null is ignored. */
static inline void qp_pages_free(void *pages, size_t bytes)
{
  if (pages)
    munmap(pages, bytes);
}

#endif
