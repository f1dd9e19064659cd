/*
 * Large memory in pages of its own: zeroed, taken from the system only as it is touched, and given back at once when
 * it is freed, whatever the heap looks like.
 */
#ifndef QP_PAGES_H
#define QP_PAGES_H

#include <stddef.h>

/** Null if there is no memory. */
void *qp_pages_allocate(size_t bytes);
/** `bytes` as they were allocated; null is let pass. */
void qp_pages_free(void *pages, size_t bytes);

#endif
