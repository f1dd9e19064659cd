/*
 * Who pays for a STUN message, before anybody works on what it proves: so a flood costs a look at each message.
 * src/forwarder/dgram/stun-gate.ts tells the rules, and has the same.
 */
#ifndef QP_STUN_GATE_H
#define QP_STUN_GATE_H

#include "../memory/now.h"
#include "../tables/bucket.h"
#include "../tables/sessions.h"
#include "reports.h"
#include "stun-nonce.h"

/** Longest name, in bytes; the registry's have 22. */
enum { QP_MAX_STUN_NAME_BYTES = 64 };

/** Messages per second. */
struct qp_stun_options {
  /** A second of each may come at once: of one source, of a registration, and of those that name it elsewhere. */
  double per_source, per_registration, per_registration_elsewhere;
  /** And of a subject, whose sessions draw from one bucket. */
  double per_subject, per_subject_elsewhere;
  /** Of all sources together, for each kind of what they pay for, and how many of these may come at once. */
  double per_kind, burst_of_kind;
  /** Sources that are told apart: what their hashes share they share as well. */
  uint32_t sources;
  /** Longest message, in bytes. */
  uint32_t max_bytes;
  /** Messages that may wait for JavaScript, those of one kind, and those of one subject. */
  uint32_t max_waiting, max_waiting_of_kind, max_waiting_of_subject;
  int64_t nonce_life_ms;
};

struct qp_stun_name;

/** What pays for the messages that name a session, or any session of a subject, as levels; zero is full. */
struct qp_stun_budget {
  __u64 here, elsewhere;
};

/** What pays for the messages of one kind, in the order of how little they show. */
enum qp_stun_kind {
  /** Those that name no live registration. */
  QP_STUN_STRANGE,
  /** Those that name one. */
  QP_STUN_NAMED,
  /** And with a nonce of ours for the address that they come from. */
  QP_STUN_REACHED,
  QP_STUN_KINDS,
};

struct qp_stun_purse {
  struct qp_bucket bucket;
  /** Messages that wait for JavaScript. */
  uint32_t waiting;
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
  /** Levels of sources, zero is full: for what anybody may send with a false address, and for what nobody else can. */
  __u64 *sources, *reached_sources;
  struct qp_stun_purse purses[QP_STUN_KINDS];
  struct qp_stun_nonces nonces;
};

/** A message and where it came from. */
struct qp_stun_arrival {
  const uint8_t *data;
  size_t length;
  struct qp_path path;
  struct qp_now now;
};

enum qp_stun_payer {
  QP_PAID_BY_REGISTRATION,
  QP_PAID_BY_SOURCE,
  /** Nobody: there are too many of this source, or of this kind. */
  QP_SOURCE_EXHAUSTED,
  QP_KIND_EXHAUSTED,
  /** Nobody: it is longer than a client's. */
  QP_STUN_TOO_LONG,
};

/** `gate` is zeroed; false if there is no memory. Freed with `qp_stun_gate_destroy` in any case. */
bool qp_stun_gate_init(struct qp_stun_gate *gate, const struct qp_stun_options *options,
                       struct qp_sessions_size size, const struct qp_hash_key *key,
                       const struct qp_hash_key *nonce_key, struct qp_grace *grace);
/** Frees everything; nobody may be reading. */
void qp_stun_gate_destroy(struct qp_stun_gate *gate);

/* Control thread. */

/** Gives a session the name that STUN messages call it by (USERNAME), and full budgets; false if there is no memory. */
bool qp_stun_gate_name(struct qp_stun_gate *gate, uint32_t session, const uint8_t *name, size_t length);
/** Takes a session's name away, if it has one; before the session is closed. */
void qp_stun_gate_forget(struct qp_stun_gate *gate, uint32_t session);

/** Gives a subject full budgets, as its bucket is opened: another may have had that id. */
void qp_stun_gate_open_subject(struct qp_stun_gate *gate, uint32_t bucket);

/** Any thread: charges a STUN message, and tells in whose share it waits. */
enum qp_stun_payer qp_stun_gate_charge(struct qp_stun_gate *gate, const struct qp_sessions *sessions,
                                       const struct qp_stun_arrival *arrival, struct qp_report_share *share);

#endif
