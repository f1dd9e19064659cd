/* What processes that have ended left in folders of a bpf file system, seen from outside. Any thread; keeps no state.
 */
#ifndef QP_STALE_PINS_H
#define QP_STALE_PINS_H

#include <stdint.h>

#include "../../../bpf/abi.h"

/** Capacity of the map `local_addresses`. */
enum { QP_MAX_PINNED_ADDRESSES = 256 };

struct qp_pins {
  /** The kernel's id of the pinned program. */
  uint32_t program;
  /** Addresses of the relay that pinned it. */
  uint32_t count;
  struct qp_ip addresses[QP_MAX_PINNED_ADDRESSES];
};

/** Reads whose pins a folder has. Returns 0 or an `errno`, ENOENT if the program or the addresses are missing. */
int qp_pins_read(const char *path, struct qp_pins *pins);
/**
 * Removes a folder of this user alone with all its pins, and detaches the program. Returns 0 or an `errno`,
 * EWOULDBLOCK if a process has the folder: then nothing is touched.
 */
int qp_pins_remove(const char *path);

#endif
