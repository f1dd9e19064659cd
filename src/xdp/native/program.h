/* The XDP program that comes with the addon: a light skeleton, which needs no libbpf to load. */
#ifndef QP_PROGRAM_H
#define QP_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/** Whether this build has the program. */
bool qp_program_exists(void);

/**
 * Creates the maps, with the sizes in `kernel`, and loads the program. Returns 0 or an `errno`, ENOSYS in a build
 * without it.
 */
int qp_program_load(struct qp_kernel *kernel);

/**
 * Reads the kernel's hash of the program's instructions, for which the kernel has to load the program. Returns 0 or an
 * `errno`.
 */
int qp_program_tag(uint8_t tag[BPF_TAG_SIZE]);

#endif
