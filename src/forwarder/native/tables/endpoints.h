/*
 * The addresses at which sessions live. Sessions at one address share its endpoint, so the packet path compares
 * pointers, and moving a session is one store: a packet goes to the old address or to the new one.
 */
#ifndef QP_ENDPOINTS_H
#define QP_ENDPOINTS_H

#include "session.h"

struct qp_endpoint {
  /** First, where a prefetch of the endpoint brings it: the kernel reads it for each message. */
  struct qp_name name;
  struct qp_address address;
  struct qp_retired retired;
  /** Session + 1 of the most recently registered; the others follow by `older`. */
  _Atomic uint32_t newest;
};

extern const struct qp_table_type qp_endpoint_type;

/**
 * Control thread: moves an open session to the other end of `path`, to nowhere if that is null; false if there is no
 * memory. What is sent there leaves from the path's end at this host.
 */
bool qp_session_move(struct qp_sessions *sessions, uint32_t id, const struct qp_path *path);

/* Control thread, while no thread reads: sessions that are where the kernel has them already. */

/** Puts a session, which is nowhere, at an address; false if there is no memory. */
bool qp_session_join(struct qp_sessions *sessions, uint32_t id, const struct qp_address *address);
/** Makes a session the latest one of its endpoint. */
void qp_session_prefer(struct qp_sessions *sessions, uint32_t id);
/** Tells the kernel who pays for what comes from an endpoint. */
void qp_endpoint_publish(struct qp_sessions *sessions, const struct qp_endpoint *endpoint);

/** Any thread: the endpoint of an address, or null if no session lives there. */
struct qp_endpoint *qp_endpoint_at(const struct qp_sessions *sessions, const struct qp_address *address);
/** Any thread: the live session that was registered there most recently, or `QP_NO_SESSION`. */
uint32_t qp_endpoint_sender(const struct qp_sessions *sessions, const struct qp_endpoint *endpoint, uint64_t now_ns);

#endif
