/* The processors of this machine. */
#ifndef QP_PROCESSORS_H
#define QP_PROCESSORS_H

#include <stdint.h>

/** One more than the highest number that a processor may ever have here, those that are off or not yet there included. */
uint32_t qp_processor_count(void);

#endif
