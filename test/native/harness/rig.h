/* Tables and workers without sockets and threads, and constructors for the addresses and sessions of the tests. */
#ifndef RIG_H
#define RIG_H

#include "../../../bpf/parse.h"
#include "../../../src/forwarder/native/forwarder.h"

/** Differences from the usual rig, which is dual-stack, has a gateway, and checks sources. */
struct rig_options {
  unsigned threads;
  bool is_ipv4_only, has_no_gateway, takes_any_source, may_not_segment;
  uint32_t max_clients;
  /** Null: more than any test needs. */
  const struct qp_stun_options *stun;
  /** 0: `max_clients`. */
  uint32_t max_on_probation;
  /** 0: no limit. */
  uint32_t max_settled;
  /** Milliseconds since the epoch; null for the system's clock. */
  const _Atomic int64_t *clock;
};

/** Creates a rig whose upcalls wake no thread. Freed by `qp_forwarder_destroy`. */
struct qp_forwarder *create_rig(const struct rig_options *options);

/** IPv4 for even numbers, IPv6 for odd ones. */
struct qp_address address_of(unsigned number);
struct qp_address ipv4_address_of(unsigned number);

/** Opens a session that never expires and never runs out of tokens. */
uint32_t open_session(struct qp_forwarder *rig, const uint8_t *cids, uint32_t count, const struct qp_address *address);

#endif
