/*
 * What was found out for the last packet to each session: who pays for such packets, and which way they go. It is
 * remembered for a moment, as finding it out anew takes more time than all the rest. A session that changes is noticed
 * at once, by its version; a route, a neighbour or a setting that changes counts that much later. Nobody but the
 * program sees it.
 */
#ifndef QP_FLOWS_H
#define QP_FLOWS_H

#include "guard.h"
#include "packet.h"
#include "transfer.h"

enum {
  /** The number of no session. */
  QP_NOBODY = 0xffffffff,
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  /* Begins at a page, and so each of them at a cache line. */
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_flow);
} flows SEC(".maps");

/** Whether that time lies ahead, and no further than it may: one that does is not of a round before. */
static __always_inline int qp_is_ahead(__u32 time, __u64 now_ns)
{
  return time - qp_flow_time(now_ns) - 1 < QP_FLOW_TTL;
}

/** The bits in which they differ. */
static __always_inline __u64 qp_difference(const struct qp_ip *one, const struct qp_ip *other)
{
  const __u64 *a = (const __u64 *)one, *b = (const __u64 *)other;
  __u64 difference = (a[0] ^ b[0]) | (a[1] ^ b[1]);
  /* Here and now: the compiler would load what is compared next as well, and run out of registers. */
  asm volatile("" : "+r"(difference));
  return difference;
}

/** Whether what was read of an account is of that version; `read` has every bit of it (guard.h). */
static __always_inline int qp_is_of(const struct qp_account *account, __u64 read, __u32 version)
{
  return qp_load_version(qp_after(&account->version, read)) == version;
}

/** The session that pays for what comes from its address, if that is where the packet came from. */
static __always_inline struct qp_account *qp_payer(const struct qp_packet *packet, const __u32 *id, __u32 version)
{
  struct qp_account *from = qp_account_of(id);
  if (!from)
    return 0;
  __u64 difference =
    qp_difference(&from->address.ip, &packet->source.ip) | (from->address.port ^ packet->source.port);
  /* In this order: of a difference that is known to be none, nothing would be left to wait for. */
  int is_current = qp_is_of(from, difference, version);
  return is_current && difference == 0 ? from : 0;
}

/** Fills in where the session is, and to which address of this host it talks; false if that is not as it was. */
static __always_inline int qp_is_there(struct qp_transfer *transfer, __u32 version)
{
  const struct qp_source *address = &transfer->to->address;
  const __u64 *ip = (const __u64 *)&address->ip, *local = (const __u64 *)&transfer->to->local;
  __u64 *copy = (__u64 *)&transfer->destination.ip, all = (copy[0] = ip[0]) | (copy[1] = ip[1]);
  copy = (__u64 *)&transfer->local;
  all |= (copy[0] = local[0]) | (copy[1] = local[1]);
  transfer->destination.port = address->port;
  return qp_is_of(transfer->to, all | transfer->destination.port, version);
}

/** Fills in the sender or the way of a transfer, or both, where what is remembered holds for the packet. */
static __always_inline void qp_recall(const struct qp_flow *flow, const struct qp_packet *packet,
                                      struct qp_transfer *transfer)
{
  __u32 seen = qp_load_version(&flow->version);
  const struct qp_flow *kept = qp_after(flow, seen);
  __u64 all = qp_difference(&kept->local, &packet->local) | (kept->ingress ^ packet->ingress) |
              (kept->dscp ^ packet->dscp);
  __u16 mtu = kept->mtu;
  int is_other = all != 0 || mtu < packet->length;
  const __u64 *words = (const __u64 *)&kept->way;
  __u64 *way = (__u64 *)&transfer->way;
  all |= (way[0] = words[0]) | (way[1] = words[1]);
  transfer->is_redirected = kept->is_redirected;
  __u32 from = kept->from, from_version = kept->from_version, to_version = kept->to_version;
  __u32 expires_at = kept->expires_at;
  transfer->bucket = kept->bucket;
  all |= from | from_version | to_version | expires_at | transfer->bucket | mtu | transfer->is_redirected;
  transfer->from = 0;
  transfer->has_way = 0;
  if (seen % 2 != 0 || !qp_is_ahead(expires_at, transfer->now_ns) || qp_load_version(qp_after(&flow->version, all)) != seen)
    return;
  transfer->from = qp_payer(packet, &from, from_version);
  transfer->has_way = !is_other && qp_is_there(transfer, to_version);
}

/** Remembers what was found out for a packet; where another processor is at it, that one's is as good. */
static __always_inline void qp_remember(struct qp_flow *flow, const struct qp_packet *packet,
                                        const struct qp_transfer *transfer, __u32 from, __u32 to_version)
{
  if (!qp_begin_writing(&flow->version))
    return;
  flow->from = from;
  flow->from_version = transfer->from ? qp_load_version(&transfer->from->version) : 0;
  /* Not sooner: a session that comes to another bucket changes its version last. */
  flow->bucket = transfer->from ? qp_account_bucket(qp_after(transfer->from, flow->from_version)) : 0;
  flow->to_version = to_version;
  flow->local = packet->local;
  flow->expires_at = qp_flow_time(transfer->now_ns) + QP_FLOW_TTL;
  flow->ingress = packet->ingress;
  flow->mtu = transfer->mtu;
  flow->dscp = packet->dscp;
  flow->is_redirected = transfer->is_redirected;
  flow->way = transfer->way;
  qp_end_writing(&flow->version);
}

#endif
