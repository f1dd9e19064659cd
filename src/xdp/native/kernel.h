/* The kernel's copy of the tables: the maps of bpf/maps.h, and the program that reads them. Control thread. */
#ifndef QP_KERNEL_H
#define QP_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/**
 * Makes the maps and loads the program, or adopts those that are pinned; what is pinned and was made by another program
 * or for other sizes is replaced. 0 or an `errno`, ENOSYS in a build without XDP. Closed with `qp_kernel_close`.
 */
int qp_kernel_open(struct qp_kernel *kernel, const struct qp_kernel_options *options);
/**
 * Has the program forward what comes to this port, in network order, where it is attached; pins program and maps if
 * they are to be and were not adopted. 0 or an `errno`.
 */
int qp_kernel_start(struct qp_kernel *kernel, uint16_t port, bool is_source_checked);
/** What the program counted on all processors. */
uint64_t qp_kernel_total(const struct qp_kernel *kernel, enum qp_total total);
/** Lets go of program and maps, so that it detaches unless it is pinned; the memory can still be read. Idempotent. */
void qp_kernel_stop(struct qp_kernel *kernel);
/** Waits until no run of the program that has begun is still going on: some ms. */
void qp_kernel_synchronize(void);
/** Stops it and frees everything. Idempotent. */
void qp_kernel_close(struct qp_kernel *kernel);

#endif
