#include "attachment-list.h"

#include <unistd.h>

void qp_attachments_add(struct qp_attachments *attachments, unsigned interface_index, int link)
{
  uint32_t i = attachments->count++;
  attachments->all[i].interface_index = interface_index;
  attachments->all[i].link = link;
}

void qp_attachments_close(struct qp_attachments *attachments)
{
  while (attachments->count > 0)
    close(attachments->all[--attachments->count].link);
}
