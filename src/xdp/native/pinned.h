/*
 * The program, its maps and its links in a folder of a bpf file system, so that packets are forwarded while no process
 * runs, and the next one goes on with the same tables. Control thread. The folder is locked for the process that has it.
 */
#ifndef QP_PINNED_H
#define QP_PINNED_H

#include "state.h"

/** Takes the folder for this process; false, with `kernel->pin_error`, if it cannot or another process has it. */
bool qp_pinned_lock(struct qp_kernel *kernel, const char *path);
/** Opens what is pinned, if this build's program with maps of the sizes wanted is; false leaves the kernel without. */
bool qp_pinned_adopt(struct qp_kernel *kernel);
/** Removes all pins; what nobody has open any more ends with that, and what is attached is detached. */
void qp_pinned_clear(struct qp_kernel *kernel);
/** Pins program and maps; where that fails nothing stays pinned, and `kernel->pin_error` says why. */
void qp_pinned_store(struct qp_kernel *kernel);
/** Pins a link, where the program is pinned; 0 or −errno. */
int qp_pinned_add_link(const struct qp_kernel *kernel, unsigned interface_index, int link);
void qp_pinned_remove_link(const struct qp_kernel *kernel, unsigned interface_index);

#endif
