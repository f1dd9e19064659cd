/* The payers of STUN messages. */
#include "../../../src/forwarder/native/stun/stun-gate.h"

#include "../../../src/forwarder/native/tables/endpoints.h"
#include "../harness/check.h"
#include "../harness/random.h"
#include "../harness/rig.h"
#include "../harness/suite.h"

enum {
  PER_SOURCE = 3,
  HERE = 5,
  ELSEWHERE = 4,
  SUBJECT = 12,
  SUBJECT_ELSEWHERE = 7,
  KIND = 10,
  BURST = 8,
  SOURCES = 4096,
  SECOND = 1000000000,
  MAX_BYTES = 128,
  WAITING_KIND = 30,
  WAITING_SUBJECT = 20,
  NONCE_MS = 60
};

static const struct qp_stun_options limits = {
  .per_source = PER_SOURCE,
  .per_registration = HERE,
  .per_registration_elsewhere = ELSEWHERE,
  .per_subject = SUBJECT,
  .per_subject_elsewhere = SUBJECT_ELSEWHERE,
  .per_kind = KIND,
  .burst_of_kind = BURST,
  .sources = SOURCES,
  .max_bytes = MAX_BYTES,
  .max_waiting_of_kind = WAITING_KIND,
  .max_waiting_of_subject = WAITING_SUBJECT,
  .nonce_life_ms = NONCE_MS,
};

struct message {
  uint8_t bytes[MAX_BYTES + 4];
  size_t length;
};

struct fixture {
  struct qp_forwarder *rig;
  struct qp_address home, away;
  struct message anonymous, named;
};

/** Makes a Binding request with `before` empty attributes and a USERNAME that claims to be `claimed` bytes long. */
static struct message make_message(unsigned before, const char *name, size_t claimed)
{
  struct message message = { .bytes = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 }, .length = 20 };
  for (unsigned i = 0; i < before; i++, message.length += 4)
    message.bytes[message.length] = 0x80;
  if (name) {
    uint8_t *attribute = message.bytes + message.length;
    attribute[1] = 0x06;
    attribute[2] = (uint8_t)(claimed >> 8);
    attribute[3] = (uint8_t)claimed;
    memcpy(attribute + 4, name, strlen(name));
    message.length += 4 + (strlen(name) + 3) / 4 * 4;
  }
  message.bytes[3] = (uint8_t)(message.length - 20);
  return message;
}

/** Creates a fixture with one named session at home. */
static struct fixture begin(void)
{
  const struct rig_options options = { .threads = 1, .max_clients = 10, .stun = &limits };
  struct fixture fixture = { create_rig(&options), address_of(2), address_of(4), make_message(0, NULL, 0),
                             make_message(0, "reg_1", 5) };
  const uint8_t cid[QP_CID_BYTES] = { 1 };
  uint32_t id = open_session(fixture.rig, cid, 1, &fixture.home);
  CHECK(id == 0 && qp_stun_gate_name(&fixture.rig->tables.stun_gate, id, (const uint8_t *)"reg_1", 5));
  return fixture;
}

/** The payer of a message that is let in; any other value is the counter of a refusal. */
enum payer { PAID_BY_REGISTRATION = QP_COUNTER_COUNT, PAID_BY_SOURCE };

/** Charges a message, and sets `share` to the share that it waits in. Returns its payer, or why it is refused. */
static unsigned charge_in(struct fixture *fixture, const struct message *message, const struct qp_address *source,
                          uint64_t now_ns, struct qp_upcall_share *share)
{
  /* Of exactly its length, so that a read beyond its end is detected. */
  uint8_t *bytes = malloc(message->length);
  CHECK(bytes != NULL);
  memcpy(bytes, message->bytes, message->length);
  const struct qp_stun_arrival arrival = {
    .data = bytes,
    .length = message->length,
    .path.peer = *source,
    .now = { .ms = (int64_t)(now_ns / 1000000), .ns = now_ns },
  };
  enum qp_counter refusal =
    qp_stun_gate_charge(&fixture->rig->tables.stun_gate, &fixture->rig->tables.sessions, &arrival, share);
  free(bytes);
  if (refusal != QP_ALLOWED)
    return refusal;
  /* Messages that a subject pays for wait in its own share. */
  return share->max == WAITING_SUBJECT ? PAID_BY_REGISTRATION : PAID_BY_SOURCE;
}

static unsigned charge(struct fixture *fixture, const struct message *message, const struct qp_address *source,
                       uint64_t now_ns)
{
  const struct qp_stun_gate *gate = &fixture->rig->tables.stun_gate;
  struct qp_upcall_share share;
  unsigned payer = charge_in(fixture, message, source, now_ns, &share);
  if (payer == PAID_BY_REGISTRATION)
    CHECK(share.waiting >= gate->waiting && ++*share.waiting > 0);
  if (payer == PAID_BY_SOURCE)
    CHECK(share.max == WAITING_KIND);
  return payer;
}

/** Returns how many copies of a message `payer` lets in at once, before the result changes. */
static int count_paid(struct fixture *fixture, const struct message *message, const struct qp_address *source,
                      enum payer payer, uint64_t now_ns)
{
  int paid = 0;
  while (paid < 1000 && charge(fixture, message, source, now_ns) == payer)
    paid++;
  return paid;
}

static void nobody_pays_for_what_is_too_long(void)
{
  struct fixture fixture = begin();
  struct message message = make_message(0, "reg_1", 5);
  message.length = MAX_BYTES + 4;
  for (int i = 0; i < 2 * HERE; i++)
    CHECK(charge(&fixture, &message, &fixture.home, SECOND) == QP_STUN_MALFORMED);
  message.length = MAX_BYTES;
  CHECK(count_paid(&fixture, &message, &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  qp_forwarder_destroy(fixture.rig);
}

static void a_source_pays(void)
{
  struct fixture fixture = begin();
  struct qp_address neighbour = fixture.home;
  neighbour.port ^= 1;
  CHECK(count_paid(&fixture, &fixture.anonymous, &fixture.home, PAID_BY_SOURCE, SECOND) == PER_SOURCE);
  CHECK(charge(&fixture, &fixture.anonymous, &neighbour, SECOND) == QP_STUN_RATE_LIMITED);
  CHECK(charge(&fixture, &fixture.anonymous, &fixture.away, SECOND) == PAID_BY_SOURCE);
  CHECK(count_paid(&fixture, &fixture.anonymous, &fixture.home, PAID_BY_SOURCE, 2ull * SECOND) == PER_SOURCE);
  qp_forwarder_destroy(fixture.rig);
}

static void a_site_pays_together(void)
{
  struct fixture fixture = begin();
  struct qp_address one = address_of(1), same = one, other = one;
  ((uint8_t *)same.ip)[15] ^= 1;
  ((uint8_t *)other.ip)[7] ^= 1;
  CHECK(count_paid(&fixture, &fixture.anonymous, &one, PAID_BY_SOURCE, SECOND) == PER_SOURCE);
  CHECK(charge(&fixture, &fixture.anonymous, &same, SECOND) == QP_STUN_RATE_LIMITED);
  CHECK(charge(&fixture, &fixture.anonymous, &other, SECOND) == PAID_BY_SOURCE);
  qp_forwarder_destroy(fixture.rig);
}

static void fill_budgets(struct fixture *fixture)
{
  memset(fixture->rig->tables.stun_gate.budgets, 0, sizeof *fixture->rig->tables.stun_gate.budgets);
  memset(fixture->rig->tables.stun_gate.subject_budgets, 0, sizeof *fixture->rig->tables.stun_gate.subject_budgets);
}

/** Returns how many sources get a message in that send one each, from address `number` on. */
static int count_of_sources(struct fixture *fixture, const struct message *message, unsigned number, uint64_t now_ns)
{
  int paid = 0;
  for (unsigned source = number; source < number + 2 * BURST; source++) {
    struct qp_address address = ipv4_address_of(source);
    paid += charge(fixture, message, &address, now_ns) == PAID_BY_SOURCE;
  }
  return paid;
}

static void sources_pay_together(void)
{
  struct fixture fixture = begin();
  const struct qp_address other = ipv4_address_of(200);
  CHECK(count_of_sources(&fixture, &fixture.anonymous, 100, SECOND) == BURST);
  CHECK(charge(&fixture, &fixture.anonymous, &other, SECOND) == QP_STUN_FLOODED);
  CHECK(count_paid(&fixture, &fixture.named, &fixture.away, PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  CHECK(count_of_sources(&fixture, &fixture.named, 130, SECOND) == BURST - 1);
  CHECK(charge(&fixture, &fixture.named, &other, SECOND) == QP_STUN_FLOODED);
  CHECK(charge(&fixture, &fixture.named, &fixture.home, SECOND) == PAID_BY_REGISTRATION);
  qp_forwarder_destroy(fixture.rig);
}

/** Adds a nonce issued for `source`. */
static struct message with_nonce(const struct fixture *fixture, const struct message *message,
                                 const struct qp_address *source, int64_t made_at_ms)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const struct qp_path path = { .peer = *source };
  uint64_t tick = (uint64_t)made_at_ms * 64;
  uint8_t body[6 + QP_NONCE_MAC_BYTES];
  for (int i = 0; i < 6; i++)
    body[i] = (uint8_t)(tick >> (40 - 8 * i));
  qp_stun_nonce_sign(&fixture->rig->tables.stun_gate.nonces, tick, &path, body + 6);
  struct message whole = *message;
  uint8_t *attribute = whole.bytes + whole.length;
  const uint8_t head[] = { 0, 0x15, 0, 37 };
  memcpy(attribute, head, sizeof head);
  memcpy(attribute + 4, "obMatJos2gAAA", 13);
  for (int i = 0; i < 24; i++) {
    int bit = 6 * i, byte = bit / 8;
    unsigned window = (unsigned)body[byte] << 8 | (byte + 1 < (int)sizeof body ? body[byte + 1] : 0);
    attribute[17 + i] = (uint8_t)digits[window >> (10 - bit % 8) & 63];
  }
  whole.length += 44;
  whole.bytes[3] = (uint8_t)(whole.length - 20);
  return whole;
}

static void who_answers_pays_apart(void)
{
  struct fixture fixture = begin();
  struct qp_upcall_share share;
  const struct message answer = with_nonce(&fixture, &fixture.named, &fixture.away, 1000);
  CHECK(count_paid(&fixture, &fixture.anonymous, &fixture.away, PAID_BY_SOURCE, SECOND) == PER_SOURCE);
  CHECK(count_paid(&fixture, &fixture.named, &fixture.away, PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  count_of_sources(&fixture, &fixture.named, 130, SECOND);
  CHECK(charge(&fixture, &fixture.named, &fixture.away, SECOND) == QP_STUN_RATE_LIMITED);
  CHECK(charge_in(&fixture, &answer, &fixture.away, SECOND, &share) == PAID_BY_SOURCE);
  CHECK(share.waiting == &fixture.rig->tables.stun_gate.purses[QP_STUN_REACHED].waiting && share.max == WAITING_KIND);
  CHECK(count_paid(&fixture, &answer, &fixture.away, PAID_BY_SOURCE, SECOND) == PER_SOURCE - 1);
  qp_forwarder_destroy(fixture.rig);
}

/** Reports whether a nonce is good. Otherwise the registration pays, as the message comes from elsewhere. */
static bool is_good(struct fixture *fixture, const struct message *message, const struct qp_address *source,
                    uint64_t now_ns)
{
  fill_budgets(fixture);
  return charge(fixture, message, source, now_ns) == PAID_BY_SOURCE;
}

static void a_nonce_is_good_for_its_address_and_its_time(void)
{
  struct fixture fixture = begin();
  struct qp_address other = fixture.away;
  const uint64_t ms = 1000000;
  const struct message answer = with_nonce(&fixture, &fixture.named, &fixture.away, 1000);
  CHECK(is_good(&fixture, &answer, &fixture.away, SECOND) &&
        is_good(&fixture, &answer, &fixture.away, SECOND + 59 * ms));
  CHECK(!is_good(&fixture, &answer, &fixture.away, SECOND + 60 * ms));
  other.port ^= 1;
  CHECK(!is_good(&fixture, &answer, &other, SECOND));
  for (size_t at = answer.length - 40; at < answer.length - 3; at++) {
    struct message changed = answer;
    changed.bytes[at] ^= 1;
    CHECK(!is_good(&fixture, &changed, &fixture.away, 2ull * SECOND - 980 * ms));
    changed.bytes[at] = 0xff;
    CHECK(!is_good(&fixture, &changed, &fixture.away, 2ull * SECOND - 980 * ms));
  }
  struct message cut = answer;
  cut.bytes[cut.length - 41]--;
  CHECK(!is_good(&fixture, &cut, &fixture.away, 2ull * SECOND - 980 * ms));
  CHECK(is_good(&fixture, &answer, &fixture.away, 2ull * SECOND - 980 * ms));
  qp_forwarder_destroy(fixture.rig);
}

static void a_registration_pays(void)
{
  struct fixture fixture = begin();
  CHECK(count_paid(&fixture, &fixture.named, &fixture.away, PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  CHECK(count_paid(&fixture, &fixture.named, &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&fixture, &fixture.named, &fixture.home, PAID_BY_REGISTRATION, 2ull * SECOND) == HERE);
  qp_forwarder_destroy(fixture.rig);
}

/** Opens another session at home that draws from `bucket`. */
static struct message name_another(struct fixture *fixture, uint32_t bucket, uint8_t number)
{
  const uint8_t cid[QP_CID_BYTES] = { number };
  const char name[] = { 'r', 'e', 'g', '_', (char)('0' + number), 0 };
  uint32_t id = open_session(fixture->rig, cid, 1, &fixture->home);
  qp_session_charge(&fixture->rig->tables.sessions, id, bucket);
  CHECK(qp_stun_gate_name(&fixture->rig->tables.stun_gate, id, (const uint8_t *)name, 5));
  return make_message(0, name, 5);
}

static void a_subject_pays(void)
{
  struct fixture fixture = begin();
  uint32_t bucket = qp_load_index(&fixture.rig->tables.sessions.states[0].bucket);
  const struct message others[] = { name_another(&fixture, bucket, 2), name_another(&fixture, bucket, 3) };
  uint32_t own = qp_bucket_open(&fixture.rig->tables.sessions.buckets, 1, 1);
  const struct message neighbour = name_another(&fixture, own, 4);
  CHECK(count_paid(&fixture, &fixture.named, &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&fixture, &others[0], &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&fixture, &others[1], &fixture.home, PAID_BY_REGISTRATION, SECOND) == SUBJECT - 2 * HERE);
  CHECK(count_paid(&fixture, &others[0], &fixture.away, PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  CHECK(count_paid(&fixture, &others[1], &fixture.away, PAID_BY_REGISTRATION, SECOND) == SUBJECT_ELSEWHERE - ELSEWHERE);
  CHECK(count_paid(&fixture, &neighbour, &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(fixture.rig->tables.stun_gate.waiting[bucket] == SUBJECT + SUBJECT_ELSEWHERE);
  CHECK(fixture.rig->tables.stun_gate.waiting[own] == HERE);
  qp_forwarder_destroy(fixture.rig);
}

static void a_subject_begins_with_all_it_may(void)
{
  struct fixture fixture = begin();
  uint32_t bucket = qp_load_index(&fixture.rig->tables.sessions.states[0].bucket);
  const struct message others[] = { name_another(&fixture, bucket, 2), name_another(&fixture, bucket, 3) };
  CHECK(count_paid(&fixture, &fixture.named, &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&fixture, &others[0], &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  qp_stun_gate_open_subject(&fixture.rig->tables.stun_gate, bucket);
  CHECK(count_paid(&fixture, &others[1], &fixture.home, PAID_BY_REGISTRATION, SECOND) == HERE);
  qp_forwarder_destroy(fixture.rig);
}

static void one_that_is_nowhere_is_elsewhere(void)
{
  struct fixture fixture = begin();
  CHECK(qp_session_move(&fixture.rig->tables.sessions, 0, NULL));
  CHECK(count_paid(&fixture, &fixture.named, &fixture.home, PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  qp_forwarder_destroy(fixture.rig);
}

static void one_that_has_ended_pays_nothing(void)
{
  struct fixture fixture = begin();
  qp_store(&fixture.rig->tables.sessions.states[0].expires_at_ns, SECOND);
  CHECK(charge(&fixture, &fixture.named, &fixture.home, SECOND) == PAID_BY_SOURCE);
  qp_store(&fixture.rig->tables.sessions.states[0].expires_at_ns, UINT64_MAX);
  CHECK(charge(&fixture, &fixture.named, &fixture.home, SECOND) == PAID_BY_REGISTRATION);
  qp_stun_gate_forget(&fixture.rig->tables.stun_gate, 0);
  qp_stun_gate_forget(&fixture.rig->tables.stun_gate, 0);
  CHECK(charge(&fixture, &fixture.named, &fixture.home, SECOND) == PAID_BY_SOURCE);
  CHECK(qp_stun_gate_name(&fixture.rig->tables.stun_gate, 0, (const uint8_t *)"reg_2", 5));
  CHECK(charge(&fixture, &fixture.named, &fixture.home, SECOND) == PAID_BY_SOURCE);
  qp_reclaim(&fixture.rig->tables.grace);
  qp_forwarder_destroy(fixture.rig);
}

static void a_name_is_read_as_it_is(void)
{
  struct fixture fixture = begin();
  const char long_name[] = "12345678901234567890123456789012345678901234567890123456789012345";
  const struct message others[] = {
    make_message(0, "reg_12", 6),        make_message(0, "reg_", 4), make_message(0, "reg_1", 500),
    make_message(16, "reg_1", 5),        make_message(0, "", 0),     make_message(0, long_name, 65),
    { .bytes = { 0, 1 }, .length = 20 },
  };
  struct message fifth = make_message(15, "reg_1", 5);
  CHECK(charge(&fixture, &fifth, &fixture.home, SECOND) == PAID_BY_REGISTRATION);
  for (uint64_t i = 0; i < sizeof others / sizeof others[0]; i++)
    CHECK(charge(&fixture, &others[i], &fixture.home, (i + 2) * SECOND) == PAID_BY_SOURCE);
  qp_forwarder_destroy(fixture.rig);
}

/**
 * Attributes of random types and lengths, often USERNAME, often longer than the message. Reads stay within the message.
 */
static void random_bytes_are_read_in_bounds(void)
{
  struct fixture fixture = begin();
  struct random random = { 1 };
  for (uint64_t round = 0; round < 100000; round++) {
    struct message message = { .bytes = { 0, 1 }, .length = 20 + 4 * random_below(&random, 27) };
    for (size_t at = 20; at < message.length; at++)
      message.bytes[at] = random_below(&random, 2) ? 0 : (uint8_t)random_below(&random, at % 2 ? 24 : 2);
    unsigned payer = charge(&fixture, &message, &fixture.away, (round + 1) * SECOND);
    CHECK(payer == PAID_BY_SOURCE);
  }
  qp_forwarder_destroy(fixture.rig);
}

static const struct test tests[] = {
  { "nobody pays for what is longer than a client's", nobody_pays_for_what_is_too_long },
  { "a source pays for what a stranger sends from any of its ports", a_source_pays },
  { "the addresses of an IPv6 /64 pay together", a_site_pays_together },
  { "all sources pay together, each kind apart", sources_pay_together },
  { "who answers with a nonce pays apart from who may have a false address", who_answers_pays_apart },
  { "a nonce is good for its address and its time", a_nonce_is_good_for_its_address_and_its_time },
  { "a registration pays for what names it, here and elsewhere apart", a_registration_pays },
  { "the registrations of a subject pay together, others' not", a_subject_pays },
  { "a subject begins with all it may, whoever had its bucket before", a_subject_begins_with_all_it_may },
  { "a registration without an address is elsewhere", one_that_is_nowhere_is_elsewhere },
  { "a registration that has ended, expired or got another name pays nothing", one_that_has_ended_pays_nothing },
  { "a name is compared whole, and looked for in bounds", a_name_is_read_as_it_is },
  { "whatever the bytes are, no more of them are read than there are", random_bytes_are_read_in_bounds },
};

const struct suite stun_gate_suite = SUITE("stun-gate", tests);
