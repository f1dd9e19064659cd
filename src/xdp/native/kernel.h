/* The kernel's copy of the tables: the maps of bpf/maps.h, and the program that reads them. Control thread. */
#ifndef QP_KERNEL_H
#define QP_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/**
 * Creates the maps and loads the program, or adopts pinned ones. Pins made by another program or for other sizes are
 * replaced. Returns 0 or an `errno`, ENOSYS in a build without XDP. Closed by `qp_kernel_close`.
 */
int qp_kernel_open(struct qp_kernel *kernel, const struct qp_kernel_options *options);
/**
 * Makes the program forward packets to `port`, in network order, where it is attached. Pins program and maps if
 * requested and not adopted. Returns 0 or an `errno`.
 */
int qp_kernel_start(struct qp_kernel *kernel, uint16_t port, bool is_sender_checked);
/** Closes program and maps, so that the program detaches unless it is pinned. The memory stays readable. Idempotent. */
void qp_kernel_stop(struct qp_kernel *kernel);
/** Waits until every run of the program that has begun is over: some ms. */
void qp_kernel_synchronize(void);
/** Stops the program and frees everything. Idempotent. */
void qp_kernel_close(struct qp_kernel *kernel);

#endif
