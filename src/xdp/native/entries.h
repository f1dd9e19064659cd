/*
 * What is in the maps of bpf/maps.h. Control thread. Functions that routes and sessions call let a null kernel pass, for a
 * relay that forwards in user space alone.
 */
#ifndef QP_ENTRIES_H
#define QP_ENTRIES_H

#include "state.h"

/** Makes `count` connection IDs, back to back, lead to a session. */
void qp_kernel_set_routes(struct qp_kernel *kernel, const uint8_t *cids, uint32_t count, uint32_t session);
void qp_kernel_remove_route(struct qp_kernel *kernel, const uint8_t *cid);
/** Says who pays for what comes from `source`; if there is no room, user space decides about all unknown ones. */
void qp_kernel_set_source(struct qp_kernel *kernel, const struct qp_source *source, uint32_t session);
void qp_kernel_remove_source(struct qp_kernel *kernel, const struct qp_source *source);
/** Says which addresses are this host's, in all. What finds no room in the map stays in user space. */
void qp_kernel_set_locals(struct qp_kernel *kernel, const struct qp_ip *ips, uint32_t count);
/**
 * Says which interfaces send what another one received, in all. In driver mode those do that implement
 * ndo_xdp_xmit, many only while a program is attached to them; a packet for one that does not would be lost.
 */
void qp_kernel_set_exits(struct qp_kernel *kernel, const uint32_t *interface_indexes, uint32_t count);

/** Calls `visit` with each connection ID and session of `routes`, or each address and session of `sources`; 0 or an `errno`. */
int qp_kernel_walk(int map, uint32_t key_bytes, void (*visit)(void *context, const void *key, uint32_t session),
                   void *context);

#endif
