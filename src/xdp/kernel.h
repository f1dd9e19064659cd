/*
 * The kernel's copy of the tables: the maps of bpf/maps.h, the program that reads them, and the links that attach it.
 * Control thread. Functions that change a map let a null kernel pass, for a relay that forwards in user space alone.
 */
#ifndef QP_KERNEL_H
#define QP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../bpf/abi.h"

struct qp_kernel_options {
  uint32_t max_routes, max_sessions;
  struct qp_config config;
};

struct qp_kernel {
  int program, routes, sources, locals, exits, sessions, totals, config;
  uint32_t max_sessions;
  /** The maps `sessions` and `totals`, in memory. */
  struct qp_account *accounts;
  __u64 *total_words;
  /** Routes that found no room in the map and stay in user space. */
  uint64_t refused_routes;
};

/** Makes the maps and loads the program; 0 or an `errno`, ENOSYS in a build without XDP. Closed with `qp_kernel_close`. */
int qp_kernel_open(struct qp_kernel *kernel, const struct qp_kernel_options *options);
void qp_kernel_close(struct qp_kernel *kernel);

/** Attaches the program to an interface; `flags` are XDP_FLAGS_*. The link, which detaches when it is closed, or −errno. */
int qp_kernel_attach(const struct qp_kernel *kernel, unsigned interface_index, uint32_t flags);

/** Makes `count` connection IDs, back to back, lead to a session. */
void qp_kernel_set_routes(struct qp_kernel *kernel, const uint8_t *cids, uint32_t count, uint32_t session);
void qp_kernel_remove_route(struct qp_kernel *kernel, const uint8_t *cid);
/** Says who pays for what comes from `source`. */
void qp_kernel_set_source(struct qp_kernel *kernel, const struct qp_source *source, uint32_t session);
void qp_kernel_remove_source(struct qp_kernel *kernel, const struct qp_source *source);
/** Says whether an address is this host's. */
int qp_kernel_set_local(struct qp_kernel *kernel, const struct qp_ip *ip, bool is_local);
/**
 * Says whether an interface sends what another one received; 0 or −errno. In driver mode those do that implement
 * ndo_xdp_xmit, many only while a program is attached to them; a packet for one that does not would be lost.
 */
int qp_kernel_set_exit(struct qp_kernel *kernel, unsigned interface_index, bool is_exit);

#endif
