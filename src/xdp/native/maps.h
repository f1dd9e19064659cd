/*
 * The entries of the maps of bpf/maps.h. Control thread. Functions that routes and sessions call accept a null kernel,
 * for a relay that forwards only in user space.
 */
#ifndef QP_KERNEL_MAPS_H
#define QP_KERNEL_MAPS_H

#include "state.h"

/** Routes `count` adjacent connection IDs to a session. */
void qp_kernel_set_routes(struct qp_kernel *kernel, const uint8_t *cids, uint32_t count, uint32_t session);
void qp_kernel_remove_route(struct qp_kernel *kernel, const uint8_t *cid);
/** Sets the session that pays for packets from `address`. Without room, user space decides on all unknown senders. */
void qp_kernel_set_sender(struct qp_kernel *kernel, const struct qp_udp_address *address, uint32_t session);
void qp_kernel_remove_sender(struct qp_kernel *kernel, const struct qp_udp_address *address);
/** Replaces the set of this host's addresses. Packets to those without room in the map stay in user space. */
void qp_kernel_set_local_addresses(struct qp_kernel *kernel, const struct qp_ip *ips, uint32_t count);
/**
 * Replaces the set of interfaces that send packets received by another one. In driver mode these are interfaces that
 * implement ndo_xdp_xmit, many of them only while a program is attached. A packet for any other would be lost.
 */
void qp_kernel_set_redirect_targets(struct qp_kernel *kernel, const uint32_t *interface_indexes, uint32_t count);

/**
 * Calls `visit` with each connection ID and session of `routes`, or each address and session of `senders`. Returns 0 or
 * an `errno`.
 */
int qp_kernel_walk(int map, uint32_t key_bytes, void (*visit)(void *context, const void *key, uint32_t session),
                   void *context);

#endif
