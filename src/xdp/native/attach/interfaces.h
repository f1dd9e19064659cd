/* The interfaces of this network namespace, as far as XDP is concerned. Any thread; no state is kept between calls. */
#ifndef QP_INTERFACES_H
#define QP_INTERFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QP_INTERFACE_TEXT_BYTES = 32 };

/** `Link` of contract.ts. */
struct qp_link {
  uint32_t index, mtu;
  char name[IF_NAMESIZE], kind[QP_INTERFACE_TEXT_BYTES], driver[QP_INTERFACE_TEXT_BYTES];
  bool is_up, is_loopback, is_ethernet;
  /** The kernel's id of the attached XDP program, or 0, and whether the driver runs it. */
  uint32_t program;
  bool is_program_native;
  /** The driver's capabilities, if the kernel reports them (Linux 6.3). */
  bool has_features, runs_programs, transmits_frames;
};

struct qp_links {
  struct qp_link *items;
  size_t count, room;
};

/**
 * Reads all interfaces. Returns 0 or an `errno`. The caller frees `links` with `qp_links_free`, even after an error.
 */
int qp_links_read(struct qp_links *links);
void qp_links_free(struct qp_links *links);

#endif
