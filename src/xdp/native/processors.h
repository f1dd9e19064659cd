/* The processors of this machine. */
#ifndef QP_PROCESSORS_H
#define QP_PROCESSORS_H

#include <stdint.h>

/**
 * Returns one more than the highest number that a processor may ever have, including those offline or not yet present.
 */
uint32_t qp_processor_count(void);

#endif
