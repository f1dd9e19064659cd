/* The XDP program as it comes with the addon: a light skeleton, which needs no libbpf to load. */
#ifndef QP_PROGRAM_H
#define QP_PROGRAM_H

#include <stdbool.h>

#include "kernel.h"

/** Whether this build has the program. */
bool qp_program_exists(void);

/** Makes the maps, of the sizes in `kernel`, and loads the program; 0 or an `errno`, ENOSYS in a build without it. */
int qp_program_load(struct qp_kernel *kernel);

#endif
