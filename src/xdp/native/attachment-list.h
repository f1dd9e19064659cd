/* The links that attach the program. Control thread. */
#ifndef QP_ATTACHMENT_LIST_H
#define QP_ATTACHMENT_LIST_H

#include <stdint.h>

enum { QP_MAX_ATTACHMENTS = 64 };

/** The interfaces to which the program is attached, with the links as files of this process. */
struct qp_attachments {
  uint32_t count;
  struct {
    unsigned interface_index;
    int link;
  } all[QP_MAX_ATTACHMENTS];
};

/** Takes ownership of a link, for which there must be room. */
void qp_attachments_add(struct qp_attachments *attachments, unsigned interface_index, int link);
/** Closes the links, which detaches the program where they are not pinned. */
void qp_attachments_close(struct qp_attachments *attachments);

#endif
