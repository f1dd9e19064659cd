/*
 * The layout of everything that the XDP program and user space share. This is the only definition: a test compares the
 * TypeScript codecs with bytes that a C program wrote through these structs.
 */
#ifndef QP_ABI_H
#define QP_ABI_H

#include <linux/types.h>

enum {
  /** Changes with any struct below and with the meaning of any map. A pinned program of another version is replaced. */
  QP_ABI_VERSION = 4,
};

/** An IP address; IPv4 in IPv4-mapped form (RFC 4291 section 2.5.5.2). Key of `local_addresses`. */
struct qp_ip {
  union {
    __u8 bytes[16];
    __u32 words[4];
  };
};

/** A UDP address. Key of `senders`, whose value is the session that pays for packets from there. */
struct qp_udp_address {
  struct qp_ip ip;
  /** In network order; 0 for no address that the kernel can send to. */
  __u16 port;
  __u16 zero;
};

/** A connection ID. Key of `routes`, whose value is the session that the ID leads to. */
struct qp_cid {
  __u8 bytes[12];
} __attribute__((aligned(4)));

/** Indexes of `qp_session_state.counters`. */
enum qp_session_counter {
  QP_PACKETS_FROM,
  QP_BYTES_FROM,
  /** Forwarded by user space; QP_PACKETS_OFFLOADED counts the kernel's. */
  QP_PACKETS_TO,
  QP_BYTES_TO,
  QP_PACKETS_LIMITED,
  /** Packets that the kernel forwarded to the session. */
  QP_PACKETS_OFFLOADED,
  /** Packets to the session that were dropped because its address was not known. */
  QP_PACKETS_NO_ADDRESS,
  /** Packets from the session that were addressed to the session's own address. */
  QP_PACKETS_TO_ITSELF,
  QP_SESSION_COUNTERS,
};

/**
 * A token bucket that starts full, stored as the time at which it will be full again (bucket.h). Element of `buckets`,
 * shared by all sessions of one subject. On its own cache line, as other subjects draw from theirs concurrently.
 */
struct qp_bucket {
  /** Nanoseconds per token, as a fixed-point number with 16 binary places. */
  __u64 token_ns_q16;
  /** Time to fill an empty bucket, in ns. */
  __u64 depth_ns;
  __u64 full_at_ns;
  __u64 unused[5];
};

/** The state of a session: counters, end, addresses and bucket. Element of `sessions`, two cache lines long. */
struct qp_session_state {
  __u64 counters[QP_SESSION_COUNTERS];
  /** End of life, on the monotonic clock. */
  __u64 expires_at_ns;
  /** Time of the first packet forwarded to or from the session, on the monotonic clock; 0 for none yet. */
  __u64 first_at_ns;
  struct qp_udp_address address;
  /** Odd while `address` or `local` is being written, so that readers detect a half-written value. */
  __u32 version;
  /** Index of the bucket that packets from `address` draw from. */
  __u32 bucket;
  __u32 unused;
  /** Address of this host that the session's packets arrive at, and that packets to it leave from; zero if unknown. */
  struct qp_ip local;
};

/** Counters of the program over all sessions: packets forwarded, and drops by reason. */
enum qp_total {
  QP_TOTAL_PACKETS,
  QP_TOTAL_BYTES,
  QP_TOTAL_SESSION_EXPIRED,
  QP_TOTAL_SOURCE_UNREGISTERED,
  QP_TOTAL_RATE_LIMITED,
  QP_TOTALS,
};

/** State of one processor, on its own cache line. Element of `processors`. */
struct qp_processor {
  /** Indexed by `enum qp_total`. Written only by runs of the program. */
  __u64 totals[QP_TOTALS];
  /** The kernel's tick count, and the time at which this processor first saw that count (bpf/maps.h). */
  __u64 tick, tick_ns;
  __u64 unused;
};

/** The only element of `config`. */
struct qp_config {
  __u32 version;
  /** The relay's UDP port, in network order. */
  __u16 port;
  /** Whether only the addresses of live registrations may send. */
  __u8 is_sender_checked;
  /** Whether `senders` may lack the address of a live registration. Unknown senders are then left to user space. */
  __u8 may_lack_senders;
  __u8 zero[4];
};

_Static_assert(QP_SESSION_COUNTERS == 8, "the layout is fixed");
_Static_assert(sizeof(struct qp_udp_address) == 20, "the layout is fixed");
_Static_assert(sizeof(struct qp_bucket) == 64, "the layout is fixed");
_Static_assert(sizeof(struct qp_session_state) == 128, "the layout is fixed");
_Static_assert(sizeof(struct qp_processor) == 64, "the layout is fixed");
_Static_assert(sizeof(struct qp_config) == 12, "the layout is fixed");

#endif
