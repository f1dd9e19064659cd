/* The interfaces that the program is attached to, by links that are files of this process. Control thread. */
#ifndef QP_ATTACHMENTS_H
#define QP_ATTACHMENTS_H

#include <stdint.h>

struct qp_kernel;

enum { QP_MAX_ATTACHMENTS = 64 };

struct qp_attachments {
  uint32_t count;
  struct {
    unsigned interface_index;
    int link;
  } all[QP_MAX_ATTACHMENTS];
};

/**
 * Attaches the program to an interface, and pins the link where the program is pinned; `flags` are XDP_FLAGS_*.
 * 0 or −errno.
 */
int qp_kernel_attach(struct qp_kernel *kernel, unsigned interface_index, uint32_t flags);
/** Detaches it, and removes the pin; does nothing for an interface that it is not attached to. */
void qp_kernel_detach(struct qp_kernel *kernel, unsigned interface_index);
/** Takes over a link that is there already. */
void qp_attachments_add(struct qp_attachments *attachments, unsigned interface_index, int link);
/** Closes the links, which detaches the program where they are not pinned. */
void qp_attachments_close(struct qp_attachments *attachments);

#endif
