#include "attachments.h"

#include <errno.h>
#include <unistd.h>

#include "../calls.h"
#include "../pinned.h"

static void remove_at(struct qp_kernel *kernel, uint32_t i)
{
  struct qp_attachments *attachments = &kernel->attachments;
  qp_bpf_detach(attachments->all[i].link);
  qp_pinned_remove_link(kernel, attachments->all[i].interface_index);
  close(attachments->all[i].link);
  attachments->all[i] = attachments->all[--attachments->count];
}

/** A link outlives its interface. Its entry and its pin would block those of the next interface with that index. */
static void remove_dead(struct qp_kernel *kernel)
{
  for (uint32_t i = kernel->attachments.count; i-- > 0;) {
    struct bpf_link_info info = { 0 };
    int error = qp_bpf_describe(kernel->attachments.all[i].link, &info, sizeof info);
    if (error || info.xdp.ifindex == 0)
      remove_at(kernel, i);
  }
}

int qp_kernel_attach(struct qp_kernel *kernel, unsigned interface_index, uint32_t flags)
{
  remove_dead(kernel);
  if (kernel->attachments.count == QP_MAX_ATTACHMENTS)
    return -ENOSPC;
  int link = qp_bpf_link(kernel->program, interface_index, flags);
  if (link < 0)
    return link;
  int error = qp_pinned_add_link(kernel, interface_index, link);
  if (error < 0)
    close(link);
  else
    qp_kernel_add_link(kernel, interface_index, link);
  return error;
}

void qp_kernel_detach(struct qp_kernel *kernel, unsigned interface_index)
{
  for (uint32_t i = kernel->attachments.count; i-- > 0;)
    if (kernel->attachments.all[i].interface_index == interface_index)
      remove_at(kernel, i);
}
