#include "stun-gate.h"

#include <stdlib.h>

#include "../../../../bpf/parse.h"
#include "../memory/pages.h"
#include "../tables/endpoints.h"

enum {
  /** RFC 8489 section 18.3. */
  USERNAME = 0x0006,
  NONCE = 0x0015,
  /** `maxLeadingAttributes` of src/wire/stun.ts. */
  MAX_ATTRIBUTES = 16,
  /** The name, and a word for its length. */
  NAME_WORDS = QP_MAX_STUN_NAME_BYTES / 8 + 1,
};

struct qp_stun_name {
  struct qp_retired retired;
  uint64_t hash;
  uint32_t session;
};

bool qp_stun_gate_init(struct qp_stun_gate *gate, const struct qp_stun_options *options, struct qp_sessions_size size,
                       const struct qp_hash_key *key, const struct qp_hash_key *nonce_key, struct qp_grace *grace)
{
  gate->options = *options;
  gate->key = *key;
  gate->size = size;
  gate->nonces = (struct qp_stun_nonces){ *nonce_key, options->nonce_life_ms };
  qp_table_init(&gate->names, QP_KEY(struct qp_stun_name, hash), key, grace);
  for (int kind = 0; kind < QP_STUN_KINDS; kind++)
    qp_bucket_init(&gate->purses[kind].bucket, options->per_kind, options->burst_of_kind);
  gate->names_of = qp_pages_allocate(size.sessions * sizeof *gate->names_of);
  gate->budgets = qp_pages_allocate(size.sessions * sizeof *gate->budgets);
  gate->subject_budgets = qp_pages_allocate(size.buckets * sizeof *gate->subject_budgets);
  gate->waiting = qp_pages_allocate(size.buckets * sizeof *gate->waiting);
  gate->sources = qp_pages_allocate(options->sources * sizeof *gate->sources);
  gate->reached_sources = qp_pages_allocate(options->sources * sizeof *gate->reached_sources);
  return gate->names_of && gate->budgets && gate->subject_budgets && gate->waiting && gate->sources &&
         gate->reached_sources;
}

void qp_stun_gate_destroy(struct qp_stun_gate *gate)
{
  qp_table_destroy_all(&gate->names);
  qp_pages_free(gate->names_of, gate->size.sessions * sizeof *gate->names_of);
  qp_pages_free(gate->budgets, gate->size.sessions * sizeof *gate->budgets);
  qp_pages_free(gate->subject_budgets, gate->size.buckets * sizeof *gate->subject_budgets);
  qp_pages_free(gate->waiting, gate->size.buckets * sizeof *gate->waiting);
  qp_pages_free(gate->sources, gate->options.sources * sizeof *gate->sources);
  qp_pages_free(gate->reached_sources, gate->options.sources * sizeof *gate->reached_sources);
}

static uint64_t hash_name(const struct qp_stun_gate *gate, const uint8_t *name, size_t length)
{
  uint64_t words[NAME_WORDS] = { 0 };
  memcpy(words, name, length);
  words[NAME_WORDS - 1] = length;
  return qp_siphash(&gate->key, words, NAME_WORDS);
}

void qp_stun_gate_forget(struct qp_stun_gate *gate, uint32_t session)
{
  struct qp_stun_name *name = gate->names_of[session];
  if (!name)
    return;
  gate->names_of[session] = NULL;
  qp_table_remove(&gate->names, name);
  qp_retire_memory(gate->names.grace, &name->retired);
}

static void fill(struct qp_stun_budget *budget)
{
  qp_store(&budget->here, 0);
  qp_store(&budget->elsewhere, 0);
}

void qp_stun_gate_open_subject(struct qp_stun_gate *gate, uint32_t bucket)
{
  fill(&gate->subject_budgets[bucket]);
}

bool qp_stun_gate_name(struct qp_stun_gate *gate, uint32_t session, const uint8_t *bytes, size_t length)
{
  struct qp_stun_name *name = malloc(sizeof *name);
  if (!name)
    return false;
  *name = (struct qp_stun_name){ .hash = hash_name(gate, bytes, length), .session = session };
  qp_stun_gate_forget(gate, session);
  fill(&gate->budgets[session]);
  if (!qp_table_keep(&gate->names, name))
    return false;
  gate->names_of[session] = name;
  return true;
}

static size_t read_uint16(const uint8_t *bytes)
{
  return (size_t)bytes[0] << 8 | bytes[1];
}

static uint32_t session_of_name(const struct qp_stun_gate *gate, const uint8_t *bytes, size_t length)
{
  if (length > QP_MAX_STUN_NAME_BYTES)
    return QP_NO_SESSION;
  uint64_t hash = hash_name(gate, bytes, length);
  const struct qp_stun_name *name = qp_table_find(&gate->names, &hash);
  return name ? name->session : QP_NO_SESSION;
}

/** Returns the value of the first attribute of `type` among the leading ones, or null. */
static const uint8_t *leading_attribute(const struct qp_stun_arrival *arrival, size_t type, size_t *length)
{
  size_t at = QP_STUN_HEADER_BYTES;
  for (int i = 0; i < MAX_ATTRIBUTES && at + 4 <= arrival->length; i++) {
    const uint8_t *attribute = arrival->data + at;
    *length = read_uint16(attribute + 2);
    if (at + 4 + *length > arrival->length)
      break;
    if (read_uint16(attribute) == type)
      return attribute + 4;
    at += 4 + (*length + 3) / 4 * 4;
  }
  return NULL;
}

/** Returns the live session named by the message's USERNAME, or `QP_NO_SESSION`. */
static uint32_t named_session(const struct qp_stun_gate *gate, const struct qp_sessions *sessions,
                              const struct qp_stun_arrival *arrival)
{
  size_t length;
  const uint8_t *name = leading_attribute(arrival, USERNAME, &length);
  uint32_t session = name ? session_of_name(gate, name, length) : QP_NO_SESSION;
  if (session == QP_NO_SESSION || qp_state_is_expired(&sessions->states[session], arrival->now.ns))
    return QP_NO_SESSION;
  return session;
}

static bool is_here(const struct qp_sessions *sessions, uint32_t session, const struct qp_stun_arrival *arrival)
{
  const struct qp_endpoint *endpoint = qp_session_endpoint(sessions, session);
  return endpoint && qp_same_address(&endpoint->address, &arrival->path.peer);
}

static bool is_reached(const struct qp_stun_gate *gate, const struct qp_stun_arrival *arrival)
{
  size_t length;
  const uint8_t *nonce = leading_attribute(arrival, NONCE, &length);
  return nonce && qp_stun_nonce_is_good(&gate->nonces, nonce, length, &arrival->path, arrival->now.ms);
}

/** Takes one message from a level with a depth of one second. */
static bool take_one(__u64 *level, double per_second, uint64_t now_ns)
{
  const uint64_t second_ns = 1000000000;
  return qp_level_take(level, (uint64_t)(1e9 / per_second), second_ns, now_ns);
}

static bool is_paid_by_registration(struct qp_stun_gate *gate, const struct qp_sessions *sessions, uint32_t session,
                                    bool here, uint64_t now_ns, struct qp_upcall_share *share)
{
  struct qp_stun_budget *own = &gate->budgets[session];
  uint32_t bucket = qp_load_index(&sessions->states[session].bucket);
  struct qp_stun_budget *subject = &gate->subject_budgets[bucket];
  const struct qp_stun_options *per = &gate->options;
  *share = (struct qp_upcall_share){ &gate->waiting[bucket], per->max_waiting_of_subject };
  /* The registration's own budget first, so that messages in its name cannot use up its subject's. */
  if (here)
    return take_one(&own->here, per->per_registration, now_ns) && take_one(&subject->here, per->per_subject, now_ns);
  return take_one(&own->elsewhere, per->per_registration_elsewhere, now_ns) &&
         take_one(&subject->elsewhere, per->per_subject_elsewhere, now_ns);
}

static __u64 *level_of_source(const struct qp_stun_gate *gate, __u64 *levels, const struct qp_address *source)
{
  uint64_t key[2];
  qp_source_key(source, key);
  return &levels[qp_siphash(&gate->key, key, 2) % gate->options.sources];
}

static enum qp_counter charge_source(struct qp_stun_gate *gate, enum qp_stun_kind kind,
                                     const struct qp_stun_arrival *arrival, struct qp_upcall_share *share)
{
  __u64 *levels = kind == QP_STUN_REACHED ? gate->reached_sources : gate->sources;
  struct qp_stun_purse *purse = &gate->purses[kind];
  *share = (struct qp_upcall_share){ &purse->waiting, gate->options.max_waiting_of_kind };
  if (!take_one(level_of_source(gate, levels, &arrival->path.peer), gate->options.per_source, arrival->now.ns))
    return QP_STUN_RATE_LIMITED;
  return qp_bucket_take(&purse->bucket, 1, arrival->now.ns) ? QP_ALLOWED : QP_STUN_FLOODED;
}

static enum qp_counter charge_named(struct qp_stun_gate *gate, const struct qp_sessions *sessions, uint32_t session,
                                    const struct qp_stun_arrival *arrival, struct qp_upcall_share *share)
{
  bool here = is_here(sessions, session, arrival);
  if (here && is_paid_by_registration(gate, sessions, session, true, arrival->now.ns, share))
    return QP_ALLOWED;
  if (is_reached(gate, arrival) && charge_source(gate, QP_STUN_REACHED, arrival, share) == QP_ALLOWED)
    return QP_ALLOWED;
  if (!here && is_paid_by_registration(gate, sessions, session, false, arrival->now.ns, share))
    return QP_ALLOWED;
  return charge_source(gate, QP_STUN_NAMED, arrival, share);
}

enum qp_counter qp_stun_gate_charge(struct qp_stun_gate *gate, const struct qp_sessions *sessions,
                                    const struct qp_stun_arrival *arrival, struct qp_upcall_share *share)
{
  if (arrival->length > gate->options.max_bytes)
    return QP_STUN_MALFORMED;
  uint32_t session = named_session(gate, sessions, arrival);
  if (session == QP_NO_SESSION)
    return charge_source(gate, QP_STUN_STRANGE, arrival, share);
  return charge_named(gate, sessions, session, arrival, share);
}
