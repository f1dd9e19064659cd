/*
 * What was found out for the last packet to each session: who pays for such packets, and which way they go. It is
 * remembered for a moment, as finding it out anew takes more time than all the rest. A session that changes is noticed
 * at once, by its version; a route, a neighbour or a setting that changes counts that much later. Nobody but the
 * program sees it.
 */
#ifndef QP_FLOWS_H
#define QP_FLOWS_H

#include "guard.h"
#include "transfer.h"

enum {
  /** In ns: some hundred packets of a busy session, and less than a person notices. */
  QP_FLOW_TTL = 100000000,
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

/** The bits in which the three words of one differ from the other's. */
static __always_inline __u64 qp_difference(const void *one, const void *other)
{
  const __u64 *a = one, *b = other;
  __u64 difference = (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]);
  /* Here and now: the compiler would load what is compared next as well, and run out of registers. */
  asm volatile("" : "+r"(difference));
  return difference;
}

/** Fills in the sender or the way of a transfer, or both, where what is remembered holds for the packet. */
static __always_inline void qp_recall(const struct qp_flow *flow, const struct qp_packet *packet,
                                      struct qp_transfer *transfer)
{
  __u32 version = qp_load_version(&flow->version);
  const struct qp_flow *kept = qp_after(flow, version);
  __u64 sender_difference = qp_difference(&kept->sender, &packet->sender);
  __u64 entry_difference = qp_difference(&kept->entry, &packet->entry);
  __u64 *way = (__u64 *)&transfer->way, all = sender_difference | entry_difference;
  transfer->from = 0;
  transfer->has_way = 0;
  if (version % 2 != 0 || kept->expires_at_ns <= transfer->now_ns)
    return;
  for (int i = 0; i < QP_WAY_WORDS; i++)
    all |= way[i] = ((const __u64 *)&kept->way)[i];
  struct qp_account *from = qp_account_of(&kept->from);
  __u32 from_version = kept->from_version, to_version = kept->to_version;
  all |= from_version | to_version;
  if (qp_load_version(qp_after(&flow->version, all)) != version)
    return;
  if (from && sender_difference == 0 && from_version == qp_load_version(&from->version))
    transfer->from = from;
  transfer->has_way = entry_difference == 0 && to_version == qp_load_version(&transfer->to->version) &&
                      transfer->way.mtu >= packet->length;
}

/** Remembers what was found out for a packet; where another processor is at it, that one's is as good. */
static __always_inline void qp_remember(struct qp_flow *flow, const struct qp_packet *packet,
                                        const struct qp_transfer *transfer, __u32 from, __u32 to_version)
{
  if (!qp_begin_writing(&flow->version))
    return;
  flow->from = from;
  flow->from_version = transfer->from ? qp_load_version(&transfer->from->version) : 0;
  flow->to_version = to_version;
  flow->sender = packet->sender;
  flow->entry = packet->entry;
  flow->expires_at_ns = transfer->now_ns + QP_FLOW_TTL;
  flow->way = transfer->way;
  qp_end_writing(&flow->version);
}

#endif
