/* Attaches the program to interfaces, and detaches it. Control thread. */
#ifndef QP_ATTACHMENTS_H
#define QP_ATTACHMENTS_H

#include "../state.h"

/**
 * Attaches the program to an interface, and pins the link where the program is pinned; `flags` are XDP_FLAGS_*.
 * 0 or −errno.
 */
int qp_kernel_attach(struct qp_kernel *kernel, unsigned interface_index, uint32_t flags);
/** Detaches it, and removes the pin; does nothing for an interface that it is not attached to. */
void qp_kernel_detach(struct qp_kernel *kernel, unsigned interface_index);

#endif
