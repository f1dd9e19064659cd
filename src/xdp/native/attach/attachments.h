/* Attaches the program to interfaces and detaches it. Control thread. */
#ifndef QP_ATTACHMENTS_H
#define QP_ATTACHMENTS_H

#include "../state.h"

/**
 * Attaches the program to an interface, and pins the link if the program is pinned. `flags` are XDP_FLAGS_*. Returns 0
 * or −errno.
 */
int qp_kernel_attach(struct qp_kernel *kernel, unsigned interface_index, uint32_t flags);
/** Detaches the program and removes the pin. Does nothing for an interface to which it is not attached. */
void qp_kernel_detach(struct qp_kernel *kernel, unsigned interface_index);

#endif
