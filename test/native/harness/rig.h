/* Tables and workers without sockets and threads, and names for what the tests put into them. */
#ifndef RIG_H
#define RIG_H

#include "../../../bpf/parse.h"
#include "../../../src/forwarder/native/forwarder.h"

/** What a rig may differ in from the usual one, which is dual-stack, with a gateway, and checks sources. */
struct rig_options {
  unsigned threads;
  bool is_ipv4_only, has_no_gateway, takes_any_source, may_not_segment;
  uint32_t max_clients;
  /** Null: more than any test needs. */
  const struct qp_stun_options *stun;
  /** 0: as many as there are clients. */
  uint32_t max_on_probation;
  /** 0: as many as come. */
  uint32_t max_settled;
  /** Milliseconds since the epoch; null: the system's. */
  const _Atomic int64_t *clock;
};

/** A rig whose reports wake nobody. Freed with `qp_forwarder_destroy`. */
struct qp_forwarder *create_rig(const struct rig_options *options);

/** IPv4 for even numbers, IPv6 for odd ones. */
struct qp_address address_of(unsigned number);
struct qp_address ipv4_address_of(unsigned number);

/** A registered session that never runs out of tokens. */
uint32_t open_session(struct qp_forwarder *rig, const uint8_t *cids, uint32_t count, const struct qp_address *address);

#endif
