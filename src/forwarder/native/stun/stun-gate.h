/*
 * Decides who pays for a STUN message before its proofs are verified, so that a flood costs only a glance at each
 * message. src/forwarder/dgram/stun-gate.ts states the rules and has the same ones.
 */
#ifndef QP_STUN_GATE_H
#define QP_STUN_GATE_H

#include "../memory/counters.h"
#include "../memory/now.h"
#include "../tables/bucket.h"
#include "../tables/sessions.h"
#include "upcalls.h"
#include "stun-nonce.h"

/** Longest name in bytes; the registry's names have 22. */
enum { QP_MAX_STUN_NAME_BYTES = 64 };

/** Limits. Rates are in messages per second. */
struct qp_stun_options {
  /**
   * Of one source, of a registration, and of messages that name it from elsewhere. Each allows a burst of one second.
   */
  double per_source, per_registration, per_registration_elsewhere;
  /** Of a subject, whose sessions draw from one bucket. The same burst. */
  double per_subject, per_subject_elsewhere;
  /** Of all sources together for each kind that they pay for, and its burst in messages. */
  double per_kind, burst_of_kind;
  /** Number of sources told apart. Sources whose hashes collide share a limit. */
  uint32_t sources;
  /** Longest message, in bytes. */
  uint32_t max_bytes;
  /** Messages that may wait for JavaScript: in total, of one kind, and of one subject. */
  uint32_t max_waiting, max_waiting_of_kind, max_waiting_of_subject;
  int64_t nonce_life_ms;
};

struct qp_stun_name;

/** Budgets for messages that name a session, or any session of a subject, as levels (bucket.h); 0 is full. */
struct qp_stun_budget {
  __u64 here, elsewhere;
};

/** Kinds of messages that sources pay for, from the one that proves least. */
enum qp_stun_kind {
  /** Names no live registration. */
  QP_STUN_STRANGE,
  /** Names a live registration. */
  QP_STUN_NAMED,
  /** Names one, and has a nonce issued for its source address. */
  QP_STUN_REACHED,
  QP_STUN_KINDS,
};

struct qp_stun_purse {
  struct qp_bucket bucket;
  /** Messages waiting for JavaScript. */
  uint32_t waiting;
};

struct qp_stun_gate {
  struct qp_stun_options options;
  struct qp_hash_key key;
  /** By the hash of the name. Names are random and assigned by the relay, so a collision is practically impossible. */
  struct qp_table names;
  /** Capacity in sessions and buckets. */
  struct qp_sessions_size size;
  /** By session id. */
  struct qp_stun_name **names_of;
  struct qp_stun_budget *budgets;
  /** By bucket id. */
  struct qp_stun_budget *subject_budgets;
  /** Number of messages waiting for JavaScript that a subject pays for, by bucket id. */
  uint32_t *waiting;
  /**
   * Levels by source; 0 is full. The first pays for messages whose source may be forged, the second for those with a
   * nonce.
   */
  __u64 *sources, *reached_sources;
  struct qp_stun_purse purses[QP_STUN_KINDS];
  struct qp_stun_nonces nonces;
};

/** A message with its path and its time of arrival. */
struct qp_stun_arrival {
  const uint8_t *data;
  size_t length;
  struct qp_path path;
  struct qp_now now;
};

/** `gate` must be zeroed. Returns false if out of memory. Freed by `qp_stun_gate_destroy` in either case. */
bool qp_stun_gate_init(struct qp_stun_gate *gate, const struct qp_stun_options *options, struct qp_sessions_size size,
                       const struct qp_hash_key *key, const struct qp_hash_key *nonce_key, struct qp_grace *grace);
/** Frees everything. No thread may be reading. */
void qp_stun_gate_destroy(struct qp_stun_gate *gate);

/* Control thread. */

/** Gives a session its name in STUN messages (USERNAME), and full budgets; false if out of memory. */
bool qp_stun_gate_name(struct qp_stun_gate *gate, uint32_t session, const uint8_t *name, size_t length);
/** Removes the name of a session, if it has one. Called before the session is closed. */
void qp_stun_gate_forget(struct qp_stun_gate *gate, uint32_t session);

/** Gives a subject full budgets when its bucket is opened, as another subject may have had that id. */
void qp_stun_gate_open_subject(struct qp_stun_gate *gate, uint32_t bucket);

/**
 * Any thread: charges a STUN message, and sets `share` to the share that it waits in. Returns `QP_ALLOWED`, or why it
 * is refused: `QP_STUN_MALFORMED` if it is longer than any client's, `QP_STUN_RATE_LIMITED` or `QP_STUN_FLOODED`.
 */
enum qp_counter qp_stun_gate_charge(struct qp_stun_gate *gate, const struct qp_sessions *sessions,
                                    const struct qp_stun_arrival *arrival, struct qp_upcall_share *share);

#endif
