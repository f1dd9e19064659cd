/*
 * The tables of an earlier process, which the kernel kept and went on forwarding by: the sessions of this one, before its
 * threads start. Control thread.
 */
#ifndef QP_ADOPTION_H
#define QP_ADOPTION_H

#include "sessions.h"

/**
 * Opens the sessions that are alive and have routes in the kernel, under the ids that they have there, with the buckets that
 * they draw from, and removes what else is in the kernel's tables. Nothing that is right changes there, so no packet is lost meanwhile. 0 or an `errno`.
 */
int qp_sessions_adopt(struct qp_sessions *sessions, uint64_t now_ns);

#endif
