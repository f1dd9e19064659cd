/* The links by which the program is attached. Control thread. */
#ifndef QP_ATTACHMENT_LIST_H
#define QP_ATTACHMENT_LIST_H

#include <stdint.h>

enum { QP_MAX_ATTACHMENTS = 64 };

/** The interfaces that the program is attached to, by links that are files of this process. */
struct qp_attachments {
  uint32_t count;
  struct {
    unsigned interface_index;
    int link;
  } all[QP_MAX_ATTACHMENTS];
};

/** Takes over a link; there is room for it. */
void qp_attachments_add(struct qp_attachments *attachments, unsigned interface_index, int link);
/** Closes the links, which detaches the program where they are not pinned. */
void qp_attachments_close(struct qp_attachments *attachments);

#endif
