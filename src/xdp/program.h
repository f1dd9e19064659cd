/* The XDP program as it comes with the addon: a light skeleton, which needs no libbpf to load. */
#ifndef QP_PROGRAM_H
#define QP_PROGRAM_H

#include "kernel.h"

/** Makes the maps and loads the program into the kernel; 0 or an `errno`, ENOSYS in a build without the program. */
int qp_program_load(struct qp_kernel *kernel, const struct qp_kernel_options *options);

#endif
