/* The maps of the XDP program. User space sets their sizes before it loads them. */
#ifndef QP_MAPS_H
#define QP_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* Not an LRU map, which would evict routes of live sessions. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct qp_cid);
  __type(value, __u32);
} routes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct qp_udp_address);
  __type(value, __u32);
} senders SEC(".maps");

/** Addresses of this host. A router also sees packets for other hosts. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 256);
  __type(key, struct qp_ip);
  __type(value, __u8);
} local_addresses SEC(".maps");

/**
 * Interfaces that the program redirects to: those that send frames received by another, as a redirect to any other
 * loses the frame, and those that send back their own frames only by a redirect.
 */
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, __u32);
} redirect_targets SEC(".maps");

/* User space maps `sessions` and `buckets` into its memory, so that both paths share counters and buckets. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_session_state);
} sessions SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_bucket);
} buckets SEC(".maps");

/* Indexed by processor number. Not a per-CPU map, as user space maps this one as well. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_processor);
} processors SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_config);
} config SEC(".maps");

static __always_inline struct qp_processor *qp_this_processor(void)
{
  __u32 id = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&processors, &id);
}

/**
 * Returns the monotonic time in ns of this processor's first call after the kernel's last tick, which is at most 1 to
 * 10 ms old: reading the clock for every packet would take as long as a table look-up.
 */
static __always_inline __u64 qp_recent_ns(struct qp_processor *processor)
{
  __u64 tick = bpf_jiffies64();
  if (processor->tick != tick) {
    processor->tick = tick;
    processor->tick_ns = bpf_ktime_get_ns();
  }
  return processor->tick_ns;
}

static __always_inline const struct qp_config *qp_settings(void)
{
  __u32 zero = 0;
  return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline struct qp_session_state *qp_state_of(const __u32 *index)
{
  return index ? bpf_map_lookup_elem(&sessions, index) : 0;
}

#endif
