/* What the threads of a forwarder share. */
#ifndef QP_TABLES_H
#define QP_TABLES_H

#include "grace.h"
#include "now.h"
#include "pins.h"
#include "reports.h"
#include "sessions.h"
#include "splice.h"
#include "stun-gate.h"

struct qp_tables {
  struct qp_grace grace;
  struct qp_sessions sessions;
  struct qp_pins pins;
  struct qp_splice_limits splice_limits;
  struct qp_reports reports;
  struct qp_stun_gate stun_gate;
  /** Only addresses of live registrations may send. */
  bool is_source_checked;
  bool has_upstream;
  struct qp_address upstream;
  struct qp_name upstream_name;
};

#endif
