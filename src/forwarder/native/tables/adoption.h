/*
 * Adopts the tables of an earlier process, by which the kernel went on forwarding, as the sessions of this process
 * before its threads start. Control thread.
 */
#ifndef QP_ADOPTION_H
#define QP_ADOPTION_H

#include "sessions.h"

/**
 * Opens the sessions that are alive and have routes in the kernel, under the same ids and with the buckets that they
 * draw from, and removes everything else from the kernel's tables. Valid entries do not change, so no packet is lost
 * meanwhile. Returns 0 or an `errno`.
 */
int qp_sessions_adopt(struct qp_sessions *sessions, uint64_t now_ns);

#endif
