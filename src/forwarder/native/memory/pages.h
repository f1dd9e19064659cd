/*
 * Large allocations in pages of their own: zeroed, committed only when touched, and returned to the system at once when
 * freed, whatever the state of the heap.
 */
#ifndef QP_PAGES_H
#define QP_PAGES_H

#include <stddef.h>

/** Returns null if out of memory. */
void *qp_pages_allocate(size_t bytes);
/** `bytes` must equal the allocated size; null is ignored. */
void qp_pages_free(void *pages, size_t bytes);

#endif
