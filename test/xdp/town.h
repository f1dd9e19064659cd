/* The sessions of the forwarder in user space, with the rig's kernel as their second place. */
#ifndef TOWN_H
#define TOWN_H

#include "../../src/forwarder/native/tables/endpoints.h"
#include "rig.h"

struct town {
  struct qp_grace grace;
  struct qp_sessions sessions;
};

/** Nobody lives there yet. Freed with `town_leave`, which leaves the kernel as it is, as a process does that ends. */
struct town *town_found(void);
void town_leave(struct town *town);
/**
 * Opens a session whose bucket user space has half emptied, and that ends with it. Ids are given in order, so the first
 * ones are those of the people in theirs.
 */
void town_settle(struct town *town, enum person person, const struct qp_path *path);
/** Addresses as the forwarder has them, with the host's of their IP version. */
struct qp_path endpoint_from(const char *ip, uint16_t port);
struct qp_path endpoint_of(enum person person);

#endif
