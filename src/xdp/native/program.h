/* The XDP program as it comes with the addon: a light skeleton, which needs no libbpf to load. */
#ifndef QP_PROGRAM_H
#define QP_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/** Whether this build has the program. */
bool qp_program_exists(void);

/** Makes the maps, of the sizes in `kernel`, and loads the program; 0 or an `errno`, ENOSYS in a build without it. */
int qp_program_load(struct qp_kernel *kernel);

/** The hash of the program's instructions as the kernel makes it, which has to load the program for that; 0 or an `errno`. */
int qp_program_tag(uint8_t tag[BPF_TAG_SIZE]);

#endif
