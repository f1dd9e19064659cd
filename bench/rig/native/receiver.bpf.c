/*
 * Far end of the cable in the frame rows: counts frames and drops them. The kernel reuses a dropped frame, unchanged,
 * for a packet that comes in. The program therefore rewrites it to the next packet of the workload.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "refill.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, QP_REFILLS);
  __type(key, __u32);
  __type(value, struct qp_refill);
} refills SEC(".maps");

/* Common to all packets. */
__u8 headers[QP_HEADER_BYTES];
__u64 arrived;
__u32 next;

SEC("xdp")
int receive(struct xdp_md *context)
{
  __u8 *frame = (void *)(long)context->data;
  const struct qp_refill *refill = bpf_map_lookup_elem(&refills, &next);
  if (!refill || frame + QP_CID_AT + QP_CID_LENGTH > (__u8 *)(long)context->data_end)
    return XDP_PASS;
  arrived++;
  next = (next + 1) % QP_REFILLS;
  __builtin_memcpy(frame, headers, QP_HEADER_BYTES);
  __builtin_memcpy(frame + QP_SOURCE_PORT_AT, &refill->source_port, sizeof refill->source_port);
  __builtin_memcpy(frame + QP_CHECKSUM_AT, &refill->checksum, sizeof refill->checksum);
  __builtin_memcpy(frame + QP_CID_AT, refill->cid, sizeof refill->cid);
  return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
