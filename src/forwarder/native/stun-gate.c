#include "stun-gate.h"

#include <stdlib.h>

#include "../../../bpf/parse.h"
#include "endpoints.h"
#include "pages.h"

enum {
  /** RFC 8489 section 18.3. */
  USERNAME = 0x0006,
  /** A name is looked for among so many attributes, so that a message full of them costs no more than others. */
  MAX_ATTRIBUTES = 16,
  /** The name with its length. */
  NAME_WORDS = QP_MAX_STUN_NAME_BYTES / 8 + 1,
};

struct qp_stun_name {
  struct qp_retired retired;
  uint64_t hash;
  uint32_t session;
};

static uint64_t hash_of_name(const void *item, const void *context)
{
  (void)context;
  return ((const struct qp_stun_name *)item)->hash;
}

static bool name_matches(const void *item, const void *key)
{
  return ((const struct qp_stun_name *)item)->hash == *(const uint64_t *)key;
}

static const struct qp_table_type name_type = { hash_of_name, name_matches };

bool qp_stun_gate_init(struct qp_stun_gate *gate, const struct qp_stun_options *options,
                       struct qp_sessions_size size, const struct qp_hash_key *key, struct qp_grace *grace)
{
  gate->options = *options;
  gate->key = *key;
  gate->grace = grace;
  gate->size = size;
  qp_table_init(&gate->names, &name_type, NULL, grace);
  qp_bucket_init(&gate->strangers, options->strangers, options->stranger_burst);
  gate->names_of = qp_pages_allocate(size.sessions * sizeof *gate->names_of);
  gate->budgets = qp_pages_allocate(size.sessions * sizeof *gate->budgets);
  gate->subject_budgets = qp_pages_allocate(size.buckets * sizeof *gate->subject_budgets);
  gate->waiting = qp_pages_allocate(size.buckets * sizeof *gate->waiting);
  gate->sources = qp_pages_allocate(options->sources * sizeof *gate->sources);
  return gate->names_of && gate->budgets && gate->subject_budgets && gate->waiting && gate->sources;
}

void qp_stun_gate_destroy(struct qp_stun_gate *gate)
{
  size_t cursor = 0;
  for (void *name; (name = qp_table_next(&gate->names, &cursor));)
    free(name);
  qp_table_destroy(&gate->names);
  qp_pages_free(gate->names_of, gate->size.sessions * sizeof *gate->names_of);
  qp_pages_free(gate->budgets, gate->size.sessions * sizeof *gate->budgets);
  qp_pages_free(gate->subject_budgets, gate->size.buckets * sizeof *gate->subject_budgets);
  qp_pages_free(gate->waiting, gate->size.buckets * sizeof *gate->waiting);
  qp_pages_free(gate->sources, gate->options.sources * sizeof *gate->sources);
}

static uint64_t hash_name(const struct qp_stun_gate *gate, const uint8_t *name, size_t length)
{
  uint64_t words[NAME_WORDS] = { 0 };
  memcpy(words, name, length);
  words[NAME_WORDS - 1] = length;
  return qp_siphash(&gate->key, words, NAME_WORDS);
}

static void release_name(struct qp_retired *retired, void *owner)
{
  (void)owner;
  free(retired);
}

void qp_stun_gate_forget(struct qp_stun_gate *gate, uint32_t session)
{
  struct qp_stun_name *name = gate->names_of[session];
  if (!name)
    return;
  gate->names_of[session] = NULL;
  qp_table_remove(&gate->names, name);
  qp_retire(gate->grace, &name->retired, release_name, NULL);
}

bool qp_stun_gate_name(struct qp_stun_gate *gate, uint32_t session, const uint8_t *bytes, size_t length)
{
  struct qp_stun_name *name = malloc(sizeof *name);
  if (!name)
    return false;
  *name = (struct qp_stun_name){ .hash = hash_name(gate, bytes, length), .session = session };
  qp_stun_gate_forget(gate, session);
  qp_store(&gate->budgets[session].here, 0);
  qp_store(&gate->budgets[session].elsewhere, 0);
  if (!qp_table_add(&gate->names, name)) {
    free(name);
    return false;
  }
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
  const struct qp_stun_name *name = qp_table_find(&gate->names, hash, &hash);
  return name ? name->session : QP_NO_SESSION;
}

/** The session that the message's USERNAME leads to, or `QP_NO_SESSION`. */
static uint32_t named_session(const struct qp_stun_gate *gate, const uint8_t *data, size_t length)
{
  size_t at = QP_STUN_HEADER_BYTES;
  for (int i = 0; i < MAX_ATTRIBUTES && at + 4 <= length; i++) {
    size_t bytes = read_uint16(data + at + 2);
    if (at + 4 + bytes > length)
      break;
    if (read_uint16(data + at) == USERNAME)
      return session_of_name(gate, data + at + 4, bytes);
    at += 4 + (bytes + 3) / 4 * 4;
  }
  return QP_NO_SESSION;
}

/** Takes one from a level that is a second deep. */
static bool take_one(__u64 *level, double per_second, uint64_t now_ns)
{
  const uint64_t second_ns = 1000000000;
  return qp_level_take(level, (uint64_t)(1e9 / per_second), second_ns, now_ns);
}

static bool is_paid_by_registration(struct qp_stun_gate *gate, const struct qp_sessions *sessions, uint32_t session,
                                    const struct qp_address *source, uint64_t now_ns,
                                    struct qp_report_share *share)
{
  if (session == QP_NO_SESSION || qp_account_is_expired(&sessions->accounts[session], now_ns))
    return false;
  const struct qp_endpoint *endpoint = qp_session_endpoint(sessions, session);
  bool is_here = endpoint && qp_same_address(&endpoint->address, source);
  struct qp_stun_budget *own = &gate->budgets[session];
  uint32_t bucket = qp_load_index(&sessions->accounts[session].bucket);
  struct qp_stun_budget *subject = &gate->subject_budgets[bucket];
  const struct qp_stun_options *per = &gate->options;
  *share = (struct qp_report_share){ &gate->waiting[bucket], per->max_waiting_of_subject };
  /* The registration's first: what comes in the name of one is not all that its subject has. */
  if (is_here)
    return take_one(&own->here, per->per_registration, now_ns) && take_one(&subject->here, per->per_subject, now_ns);
  return take_one(&own->elsewhere, per->per_registration_elsewhere, now_ns) &&
         take_one(&subject->elsewhere, per->per_subject_elsewhere, now_ns);
}

static __u64 *level_of_source(const struct qp_stun_gate *gate, const struct qp_address *source)
{
  uint64_t key[2];
  qp_source_key(source, key);
  return &gate->sources[qp_siphash(&gate->key, key, 2) % gate->options.sources];
}

enum qp_stun_payer qp_stun_gate_charge(struct qp_stun_gate *gate, const struct qp_sessions *sessions,
                                       const uint8_t *data, size_t length, const struct qp_address *source,
                                       uint64_t now_ns, struct qp_report_share *share)
{
  if (length > gate->options.max_bytes)
    return QP_STUN_TOO_LONG;
  uint32_t session = named_session(gate, data, length);
  if (is_paid_by_registration(gate, sessions, session, source, now_ns, share))
    return QP_PAID_BY_REGISTRATION;
  *share = (struct qp_report_share){ &gate->waiting_of_strangers, gate->options.max_waiting_of_strangers };
  if (!take_one(level_of_source(gate, source), gate->options.per_source, now_ns))
    return QP_SOURCE_EXHAUSTED;
  return qp_bucket_take(&gate->strangers, 1, now_ns) ? QP_PAID_BY_STRANGER : QP_STRANGERS_EXHAUSTED;
}
