/*
 * Who pays for a STUN message, before anybody works on what it proves: so a flood costs a look at each message, and no
 * MAC. What names a live registration is paid by that and by its subject: from its own address out of one budget of
 * each, from elsewhere, as it may have moved, out of another. What no registration pays for is a stranger's, paid by its
 * source and by all strangers together. src/forwarder/stun-gate.ts has the same rules.
 */
#ifndef QP_STUN_GATE_H
#define QP_STUN_GATE_H

#include "bucket.h"
#include "reports.h"
#include "sessions.h"

/** Longest name, in bytes; the registry's have 22. */
enum { QP_MAX_STUN_NAME_BYTES = 64 };

/** Messages per second. */
struct qp_stun_options {
  /** A second of each may come at once: of one source, of a registration, and of those that name it elsewhere. */
  double per_source, per_registration, per_registration_elsewhere;
  /** And of a subject, whose sessions draw from one bucket. */
  double per_subject, per_subject_elsewhere;
  /** Of all strangers, and how many of these may come at once. */
  double strangers, stranger_burst;
  /** Sources that are told apart: what their hashes share they share as well. */
  uint32_t sources;
  /** Longest message, in bytes. */
  uint32_t max_bytes;
  /** Messages that may wait for JavaScript, those of all strangers, and those of one subject. */
  uint32_t max_waiting, max_waiting_of_strangers, max_waiting_of_subject;
};

struct qp_stun_name;

/** What pays for the messages that name a session, or any session of a subject, as levels; zero is full. */
struct qp_stun_budget {
  __u64 here, elsewhere;
};

struct qp_stun_gate {
  struct qp_stun_options options;
  struct qp_hash_key key;
  struct qp_grace *grace;
  /** By the hash of the name: names are random and come from the relay, so none has another's but for a miracle. */
  struct qp_table names;
  /** How many there may be of each. */
  struct qp_sessions_size size;
  /** By session id. */
  struct qp_stun_name **names_of;
  struct qp_stun_budget *budgets;
  /** By bucket id. */
  struct qp_stun_budget *subject_budgets;
  /** How many messages that a subject pays for wait for JavaScript, by bucket id. */
  uint32_t *waiting;
  /** Levels, zero is full. */
  __u64 *sources;
  struct qp_bucket strangers;
  uint32_t waiting_of_strangers;
};

enum qp_stun_payer {
  QP_PAID_BY_REGISTRATION,
  QP_PAID_BY_STRANGER,
  /** Nobody: there are too many of this source, or of all strangers. */
  QP_SOURCE_EXHAUSTED,
  QP_STRANGERS_EXHAUSTED,
  /** Nobody: it is longer than a client's. */
  QP_STUN_TOO_LONG,
};

/** `gate` is zeroed; false if there is no memory. Freed with `qp_stun_gate_destroy` in any case. */
bool qp_stun_gate_init(struct qp_stun_gate *gate, const struct qp_stun_options *options,
                       struct qp_sessions_size size, const struct qp_hash_key *key, struct qp_grace *grace);
/** Frees everything; nobody may be reading. */
void qp_stun_gate_destroy(struct qp_stun_gate *gate);

/* Control thread. */

/** Gives a session the name that STUN messages call it by (USERNAME), and full budgets; false if there is no memory. */
bool qp_stun_gate_name(struct qp_stun_gate *gate, uint32_t session, const uint8_t *name, size_t length);
/** Takes a session's name away, if it has one; before the session is closed. */
void qp_stun_gate_forget(struct qp_stun_gate *gate, uint32_t session);

/** Any thread: charges a STUN message, and tells in whose share it waits. */
enum qp_stun_payer qp_stun_gate_charge(struct qp_stun_gate *gate, const struct qp_sessions *sessions,
                                       const uint8_t *data, size_t length, const struct qp_address *source,
                                       uint64_t now_ns, struct qp_report_share *share);

#endif
