/* The state shared by the threads of a forwarder. */
#ifndef QP_TABLES_H
#define QP_TABLES_H

#include "memory/grace.h"
#include "memory/now.h"
#include "splice/splice.h"
#include "stun/upcalls.h"
#include "stun/stun-gate.h"
#include "tables/initial-routes.h"
#include "tables/sessions.h"

struct qp_tables {
  struct qp_grace grace;
  struct qp_sessions sessions;
  struct qp_table initial_routes;
  struct qp_splice_limits splice_limits;
  struct qp_upcalls upcalls;
  struct qp_stun_gate stun_gate;
  /** Whether only the addresses of live registrations may send. */
  bool is_sender_checked;
  bool has_upstream;
  struct qp_address upstream;
  struct qp_name upstream_name;
};

#endif
