/*
 * A cache of the sender and next hop of the last packet to each session, as their look-ups take longer than the rest of
 * the program. A changed session is noticed at once by its version. A changed route, neighbour or setting is noticed
 * only when the entry expires, so an entry lives for only about 100 ms. Only the program uses this map.
 */
#ifndef QP_FLOWS_H
#define QP_FLOWS_H

#include "guard.h"
#include "packet.h"
#include "transfer.h"

enum {
  /** No session. */
  QP_NOBODY = 0xffffffff,
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  /* The array starts at a page boundary, so each element is one cache line. */
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_flow);
} flows SEC(".maps");

/**
 * Reports whether `time` lies ahead by no more than the TTL. A time further ahead predates the last wrap of the clock.
 */
static __always_inline int qp_is_ahead(__u32 time, __u64 now_ns)
{
  return time - qp_flow_time(now_ns) - 1 < QP_FLOW_TTL;
}

/** Returns the bits in which two addresses differ. */
static __always_inline __u64 qp_difference(const struct qp_ip *one, const struct qp_ip *other)
{
  const __u64 *a = (const __u64 *)one, *b = (const __u64 *)other;
  __u64 difference = (a[0] ^ b[0]) | (a[1] ^ b[1]);
  /*
   * Fixes the value here. Otherwise the compiler also loads the operands of the next comparison and runs out of
   * registers.
   */
  asm volatile("" : "+r"(difference));
  return difference;
}

/** Reports whether data loaded from the state is of that version. `read` depends on every loaded bit (guard.h). */
static __always_inline int qp_is_of(const struct qp_session_state *state, __u64 read, __u32 version)
{
  return qp_load_version(qp_after(&state->version, read)) == version;
}

/** Returns the paying session if the packet came from its address and its version is unchanged; null otherwise. */
static __always_inline struct qp_session_state *qp_payer(const struct qp_packet *packet, const __u32 *id, __u32 version)
{
  struct qp_session_state *from = qp_state_of(id);
  if (!from)
    return 0;
  __u64 difference = qp_difference(&from->address.ip, &packet->source.ip) | (from->address.port ^ packet->source.port);
  /* In this order: once the difference is known to be zero, the version check would not wait for the loads. */
  int is_current = qp_is_of(from, difference, version);
  return is_current && difference == 0 ? from : 0;
}

/** Fills in the session's address and local address; false if they have changed since `version`. */
static __always_inline int qp_is_there(struct qp_transfer *transfer, __u32 version)
{
  const struct qp_udp_address *address = &transfer->to->address;
  const __u64 *ip = (const __u64 *)&address->ip, *local = (const __u64 *)&transfer->to->local;
  __u64 *copy = (__u64 *)&transfer->destination.ip, all = (copy[0] = ip[0]) | (copy[1] = ip[1]);
  copy = (__u64 *)&transfer->local;
  all |= (copy[0] = local[0]) | (copy[1] = local[1]);
  transfer->destination.port = address->port;
  return qp_is_of(transfer->to, all | transfer->destination.port, version);
}

/** Fills in the sender, the next hop, or both, as far as the cached entry holds for the packet. */
static __always_inline void qp_recall(const struct qp_flow *flow, const struct qp_packet *packet,
                                      struct qp_transfer *transfer)
{
  __u32 seen = qp_load_version(&flow->version);
  const struct qp_flow *kept = qp_after(flow, seen);
  __u64 all =
    qp_difference(&kept->local, &packet->local) | (kept->ingress ^ packet->ingress) | (kept->dscp ^ packet->dscp);
  __u16 mtu = kept->mtu;
  int is_other = all != 0 || mtu < packet->length;
  const __u64 *words = (const __u64 *)&kept->next_hop;
  __u64 *next_hop = (__u64 *)&transfer->next_hop;
  all |= (next_hop[0] = words[0]) | (next_hop[1] = words[1]);
  transfer->is_redirected = kept->is_redirected;
  __u32 from = kept->from, from_version = kept->from_version, to_version = kept->to_version;
  __u32 expires_at = kept->expires_at;
  transfer->bucket = kept->bucket;
  all |= from | from_version | to_version | expires_at | transfer->bucket | mtu | transfer->is_redirected;
  transfer->from = 0;
  transfer->has_next_hop = 0;
  if (seen % 2 != 0 || !qp_is_ahead(expires_at, transfer->now_ns) ||
      qp_load_version(qp_after(&flow->version, all)) != seen)
    return;
  transfer->from = qp_payer(packet, &from, from_version);
  transfer->has_next_hop = !is_other && qp_is_there(transfer, to_version);
}

/** Caches the result of a look-up. If another processor is writing the entry, its result is as good. */
static __always_inline void qp_remember(struct qp_flow *flow, const struct qp_packet *packet,
                                        const struct qp_transfer *transfer, __u32 from, __u32 to_version)
{
  if (!qp_begin_writing(&flow->version))
    return;
  flow->from = from;
  flow->from_version = transfer->from ? qp_load_version(&transfer->from->version) : 0;
  /* Loaded after the version: a session that changes its bucket changes its version last. */
  flow->bucket = transfer->from ? qp_state_bucket(qp_after(transfer->from, flow->from_version)) : 0;
  flow->to_version = to_version;
  flow->local = packet->local;
  flow->expires_at = qp_flow_time(transfer->now_ns) + QP_FLOW_TTL;
  flow->ingress = packet->ingress;
  flow->mtu = transfer->mtu;
  flow->dscp = packet->dscp;
  flow->is_redirected = transfer->is_redirected;
  flow->next_hop = transfer->next_hop;
  qp_end_writing(&flow->version);
}

#endif
