/* The maps of the XDP program; user space sets their sizes before it loads them. */
#ifndef QP_MAPS_H
#define QP_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* Not LRU: that would evict routes of live sessions. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct qp_cid);
  __type(value, __u32);
} routes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, struct qp_source);
  __type(value, __u32);
} sources SEC(".maps");

/** The addresses that are this host's: a router sees packets for others as well. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 256);
  __type(key, struct qp_ip);
  __type(value, __u8);
} locals SEC(".maps");

/**
 * The interfaces that take what another one received, which without the driver's help would be lost; and those to which
 * packets that they received go back the same way.
 */
struct {
  __uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, __u32);
} exits SEC(".maps");

/* User space maps these two into its memory, so that both paths share counters and buckets. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_account);
} sessions SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct qp_bucket);
} buckets SEC(".maps");

/* By number; not one of the kernel's maps per processor, as user space maps this one, too. */
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

static __always_inline const struct qp_config *qp_settings(void)
{
  __u32 zero = 0;
  return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline struct qp_account *qp_account_of(const __u32 *index)
{
  return index ? bpf_map_lookup_elem(&sessions, index) : 0;
}

#endif
