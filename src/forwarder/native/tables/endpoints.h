/*
 * The addresses of sessions. Sessions at one address share its endpoint, so the packet path compares pointers, and
 * moving a session is one store: a packet goes to the old address or to the new one.
 */
#ifndef QP_ENDPOINTS_H
#define QP_ENDPOINTS_H

#include "session.h"

struct qp_endpoint {
  /** First, so that a prefetch of the endpoint fetches it: the kernel reads it for each message. */
  struct qp_name name;
  struct qp_address address;
  struct qp_retired retired;
  /** Session + 1 of the most recently registered session; the others follow by `older`. */
  _Atomic uint32_t newest;
};

/**
 * Control thread: moves an open session to the peer of `path`, or to no address if `path` is null; false if out of
 * memory. Packets to the session leave from the local address of `path`.
 */
bool qp_session_move(struct qp_sessions *sessions, uint32_t id, const struct qp_path *path);

/* Control thread, while no thread reads: for sessions whose addresses are already in the kernel. */

/** Puts a session without an address at `address`; false if out of memory. */
bool qp_session_join(struct qp_sessions *sessions, uint32_t id, const struct qp_address *address);
/** Makes a session the newest of its endpoint. */
void qp_session_prefer(struct qp_sessions *sessions, uint32_t id);
/** Publishes to the kernel which session pays for packets from an endpoint. */
void qp_endpoint_publish(struct qp_sessions *sessions, const struct qp_endpoint *endpoint);

/** Any thread: returns the endpoint of an address, or null if no session is there. */
struct qp_endpoint *qp_endpoint_at(const struct qp_sessions *sessions, const struct qp_address *address);
/** Any thread: returns the live session that was registered there most recently, or `QP_NO_SESSION`. */
uint32_t qp_endpoint_sender(const struct qp_sessions *sessions, const struct qp_endpoint *endpoint, uint64_t now_ns);

#endif
