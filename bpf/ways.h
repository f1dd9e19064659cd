/*
 * The ways to sessions, as bpf_fib_lookup found them. They are remembered for a moment, as asking anew takes a third
 * of a packet's time; a route, a neighbour or a setting that changes counts that much later. Nobody but the program
 * sees them.
 */
#ifndef QP_WAYS_H
#define QP_WAYS_H

#include <linux/if_ether.h>

#include "transfer.h"

enum {
  /** In ns: some hundred packets of a busy session, and less than a person notices. */
  QP_WAY_TTL = 100000000,
};

struct qp_way {
  /** Odd while it is being written. */
  __u32 version;
  /** `version` of the account whose address it leads to. */
  __u32 address_version;
  /** The address of this host that packets came to and leave from. */
  struct qp_ip local;
  __u64 expires_at_ns;
  __u32 ingress, egress;
  __u16 mtu;
  __u8 tos;
  /** By `exits`; else back out by the interface that it came in by (XDP_TX). */
  __u8 is_redirected;
  __u8 destination[ETH_ALEN], source[ETH_ALEN];
  __u64 unused;
};

_Static_assert(sizeof(struct qp_way) == 64, "it is one cache line");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  /* Begins at a page, and so each of them at a cache line. */
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_way);
} ways SEC(".maps");

static __always_inline int qp_same_ip(const struct qp_ip *one, const struct qp_ip *other)
{
  __u32 difference = 0;
  for (int i = 0; i < 4; i++)
    difference |= one->words[i] ^ other->words[i];
  return difference == 0;
}

static __always_inline int qp_way_fits(const struct qp_way *way, const struct qp_transfer *transfer,
                                       const struct qp_ip *local, const struct bpf_fib_lookup *asked)
{
  return way->expires_at_ns > transfer->now_ns && way->address_version == transfer->address_version &&
         way->ingress == asked->ifindex && way->mtu >= asked->tot_len && way->tos == asked->tos &&
         qp_same_ip(&way->local, local);
}

/** The way that is remembered for what `asked` would look up; false if there is none. */
static __always_inline int qp_recall_way(const struct qp_transfer *transfer, const struct qp_ip *local,
                                         const struct bpf_fib_lookup *asked, struct qp_way *way)
{
  struct qp_way *found = bpf_map_lookup_elem(&ways, &transfer->to_id);
  __u32 version;
  return found && qp_copy_guarded(way, found, sizeof *way / sizeof(__u32), &found->version, &version) &&
         qp_way_fits(way, transfer, local, asked);
}

/** Keeps a way; where another processor is at it, that one's is as good. */
static __always_inline void qp_remember_way(const struct qp_transfer *transfer, const struct qp_way *way)
{
  struct qp_way *kept = bpf_map_lookup_elem(&ways, &transfer->to_id);
  const __u32 skipped = sizeof kept->version;
  if (!kept || !qp_begin_writing(&kept->version))
    return;
  __builtin_memcpy((char *)kept + skipped, (const char *)way + skipped, sizeof *way - skipped);
  qp_end_writing(&kept->version);
}

#endif
