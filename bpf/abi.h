/*
 * Everything that the XDP program and user space share, in the layout that both see. This is the one definition; a
 * test compares the codecs in TypeScript with bytes that a C program wrote through these structs.
 */
#ifndef QP_ABI_H
#define QP_ABI_H

#include <linux/types.h>

enum {
  /** Changes with every change of a struct below, or of what a map means: a pinned program of another is replaced. */
  QP_ABI_VERSION = 4,
};

/** An IP address, IPv4 in its IPv4-mapped form (RFC 4291 section 2.5.5.2); the key of `locals`. */
struct qp_ip {
  union {
    __u8 bytes[16];
    __u32 words[4];
  };
};

/** A UDP address; the key of `sources`, whose value is the session that pays for what comes from there. */
struct qp_source {
  struct qp_ip ip;
  /** In network order; 0 where there is no address that the kernel can send to. */
  __u16 port;
  __u16 zero;
};

/** The key of `routes`, whose value is the session that the connection ID leads to. */
struct qp_cid {
  __u8 bytes[12];
} __attribute__((aligned(4)));

/** What the words of `qp_account.counters` count. */
enum qp_session_counter {
  QP_PACKETS_FROM,
  QP_BYTES_FROM,
  /** Those that user space forwarded; the kernel's are the next but two. */
  QP_PACKETS_TO,
  QP_BYTES_TO,
  QP_PACKETS_LIMITED,
  /** The packets to the session that the kernel forwarded. */
  QP_PACKETS_OFFLOADED,
  /** Of the packets that came for the session: its address was not known. */
  QP_PACKETS_NO_ADDRESS,
  /** Of the packets that came from it: they were for its own address. */
  QP_PACKETS_TO_ITSELF,
  QP_SESSION_COUNTERS,
};

/**
 * A token bucket that starts full, as the time at which it will be full again (bucket.h): an element of `buckets`, which
 * all sessions of one subject draw from. On a cache line of its own, as those of other subjects are drawn from elsewhere.
 */
struct qp_bucket {
  /** Nanoseconds that one token takes to flow in, as a fixed-point number with 16 binary places. */
  __u64 token_ns_q16;
  /** What flows into an empty bucket until it is full, in ns. */
  __u64 depth_ns;
  __u64 full_at_ns;
  __u64 unused[5];
};

/** What a session has moved, and where it is: an element of `sessions`, on two cache lines. */
struct qp_account {
  __u64 counters[QP_SESSION_COUNTERS];
  /** End of life on the monotonic clock. */
  __u64 expires_at_ns;
  /** When the first packet was let through to it or from it, on the monotonic clock; 0: none yet. */
  __u64 first_at_ns;
  struct qp_source address;
  /** Odd while `address` or `local` is being written, so that nobody takes half of one for a whole. */
  __u32 version;
  /** The index of the bucket that what comes from its address draws from. */
  __u32 bucket;
  __u32 unused;
  /** The address of this host that its packets come to, and those to it leave from; zero where that is not known. */
  struct qp_ip local;
};

/** What the program counts over all sessions: what it forwarded, and why it dropped. */
enum qp_total {
  QP_TOTAL_PACKETS,
  QP_TOTAL_BYTES,
  QP_TOTAL_SESSION_EXPIRED,
  QP_TOTAL_SOURCE_UNREGISTERED,
  QP_TOTAL_RATE_LIMITED,
  QP_TOTALS,
};

/** What one processor keeps for itself, on a cache line of its own: an element of `processors`. */
struct qp_processor {
  /** By `enum qp_total`. Only runs of the program write them. */
  __u64 totals[QP_TOTALS];
  /** The kernel's count of ticks, and the time when this processor first noticed it (bpf/clock.h). */
  __u64 tick, tick_ns;
  __u64 unused;
};

/** The one element of `config`. */
struct qp_config {
  __u32 version;
  /** The relay's UDP port, in network order. */
  __u16 port;
  /** Whether only addresses of live registrations may send. */
  __u8 is_source_checked;
  /** Whether `sources` may lack the address of a live registration; unknown ones are then left to user space. */
  __u8 may_lack_sources;
  __u8 zero[4];
};

_Static_assert(QP_SESSION_COUNTERS == 8, "the layout is fixed");
_Static_assert(sizeof(struct qp_source) == 20, "the layout is fixed");
_Static_assert(sizeof(struct qp_bucket) == 64, "the layout is fixed");
_Static_assert(sizeof(struct qp_account) == 128, "the layout is fixed");
_Static_assert(sizeof(struct qp_processor) == 64, "the layout is fixed");
_Static_assert(sizeof(struct qp_config) == 12, "the layout is fixed");

#endif
