/* The forwarder's sessions in user space, which also keep their entries in the rig's kernel. */
#ifndef USER_SESSIONS_H
#define USER_SESSIONS_H

#include "../../src/forwarder/native/tables/endpoints.h"
#include "rig.h"

struct user_sessions {
  struct qp_grace grace;
  struct qp_sessions sessions;
};

/**
 * Creates a table without sessions. Freed by `user_sessions_destroy`, which leaves the kernel as it is, as a process
 * does that ends.
 */
struct user_sessions *user_sessions_create(void);
void user_sessions_destroy(struct user_sessions *user);
/**
 * Opens a session with a half-empty bucket that ends with it. Ids are given out in order, so the first ones are those
 * of the peers in order.
 */
void user_sessions_open(struct user_sessions *user, enum person person, const struct qp_path *path);
/** Paths of the forwarder, from the host's address of the same IP version. */
struct qp_path endpoint_from(const char *ip, uint16_t port);
struct qp_path endpoint_of(enum person person);

#endif
