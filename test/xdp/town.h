/* The forwarder's sessions in user space, which also keep their entries in the rig's kernel. */
#ifndef TOWN_H
#define TOWN_H

#include "../../src/forwarder/native/tables/endpoints.h"
#include "rig.h"

struct town {
  struct qp_grace grace;
  struct qp_sessions sessions;
};

/**
 * Creates a town without sessions. Freed by `town_leave`, which leaves the kernel as it is, as a process does that
 * ends.
 */
struct town *town_found(void);
void town_leave(struct town *town);
/**
 * Opens a session with a half-empty bucket that ends with it. Ids are given out in order, so the first ones are those
 * of the peers in order.
 */
void town_settle(struct town *town, enum person person, const struct qp_path *path);
/** Paths of the forwarder, from the host's address of the same IP version. */
struct qp_path endpoint_from(const char *ip, uint16_t port);
struct qp_path endpoint_of(enum person person);

#endif
