/*
 * The program, its maps and its links in a folder of a bpf file system, so that packets are forwarded while no process
 * runs, and the next process continues with the same tables. Control thread. The folder is locked by its process.
 */
#ifndef QP_PINNED_H
#define QP_PINNED_H

#include "state.h"

/**
 * Locks the folder for this process. Returns false, with `kernel->pin_error`, if it cannot or if another process has
 * it.
 */
bool qp_pinned_lock(struct qp_kernel *kernel, const char *path);
/**
 * Opens the pinned objects if they are this build's program and maps of the requested sizes; otherwise opens none and
 * returns false.
 */
bool qp_pinned_adopt(struct qp_kernel *kernel);
/** Removes all pins and detaches the program. Objects that no process has open end with their pins. */
void qp_pinned_clear(struct qp_kernel *kernel);
/** Pins program and maps. On failure nothing stays pinned, and `kernel->pin_error` has the reason. */
void qp_pinned_store(struct qp_kernel *kernel);
/** Pins a link if the program is pinned. Returns 0 or −errno. */
int qp_pinned_add_link(const struct qp_kernel *kernel, unsigned interface_index, int link);
void qp_pinned_remove_link(const struct qp_kernel *kernel, unsigned interface_index);

#endif
