/* Who pays for STUN messages. */
#include "../../../src/forwarder/native/stun-gate.h"

#include "../../../src/forwarder/native/endpoints.h"
#include "../harness/check.h"
#include "../harness/random.h"
#include "../harness/rig.h"
#include "../harness/suite.h"

enum { PER_SOURCE = 3, HERE = 5, ELSEWHERE = 4, SUBJECT = 12, SUBJECT_ELSEWHERE = 7, STRANGERS = 10, BURST = 8, SOURCES = 4096, SECOND = 1000000000, MAX_BYTES = 128, WAITING_STRANGERS = 30, WAITING_SUBJECT = 20 };

static const struct qp_stun_options limits = {
  .per_source = PER_SOURCE,
  .per_registration = HERE,
  .per_registration_elsewhere = ELSEWHERE,
  .per_subject = SUBJECT,
  .per_subject_elsewhere = SUBJECT_ELSEWHERE,
  .strangers = STRANGERS,
  .stranger_burst = BURST,
  .sources = SOURCES,
  .max_bytes = MAX_BYTES,
  .max_waiting_of_strangers = WAITING_STRANGERS,
  .max_waiting_of_subject = WAITING_SUBJECT,
};

struct message {
  uint8_t bytes[MAX_BYTES + 4];
  size_t length;
};

struct town {
  struct qp_forwarder *rig;
  struct qp_address home, away;
  struct message anonymous, named;
};

/** A Binding request with `before` empty attributes and then a USERNAME, which says to be `claimed` bytes long. */
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

/** One session at home, with a name. */
static struct town begin(void)
{
  const struct rig_options options = { .threads = 1, .max_clients = 10, .stun = &limits };
  struct town town = { create_rig(&options), address_of(2), address_of(4), make_message(0, NULL, 0),
                       make_message(0, "reg_1", 5) };
  const uint8_t cid[QP_CID_BYTES] = { 1 };
  uint32_t id = open_session(town.rig, cid, 1, &town.home);
  CHECK(id == 0 && qp_stun_gate_name(&town.rig->tables.stun_gate, id, (const uint8_t *)"reg_1", 5));
  return town;
}

static enum qp_stun_payer charge(struct town *town, const struct message *message, const struct qp_address *source,
                                 uint64_t now_ns)
{
  /* Of exactly its length, so that a read beyond it is seen. */
  uint8_t *bytes = malloc(message->length);
  CHECK(bytes != NULL);
  memcpy(bytes, message->bytes, message->length);
  struct qp_stun_gate *gate = &town->rig->tables.stun_gate;
  struct qp_report_share share;
  enum qp_stun_payer payer = qp_stun_gate_charge(gate, &town->rig->tables.sessions, bytes, message->length, source,
                                                 now_ns, &share);
  /* What a subject pays for waits with all of that, and with nothing else. */
  if (payer == QP_PAID_BY_REGISTRATION)
    CHECK(share.max == WAITING_SUBJECT && share.waiting >= gate->waiting && ++*share.waiting > 0);
  if (payer == QP_PAID_BY_STRANGER)
    CHECK(share.max == WAITING_STRANGERS && share.waiting == &gate->waiting_of_strangers);
  free(bytes);
  return payer;
}

/** How many of a message the payer lets in at once, before another pays or nobody. */
static int count_paid(struct town *town, const struct message *message, const struct qp_address *source,
                      enum qp_stun_payer payer, uint64_t now_ns)
{
  int paid = 0;
  while (paid < 1000 && charge(town, message, source, now_ns) == payer)
    paid++;
  return paid;
}

static void nobody_pays_for_what_is_too_long(void)
{
  struct town town = begin();
  struct message message = make_message(0, "reg_1", 5);
  message.length = MAX_BYTES + 4;
  for (int i = 0; i < 2 * HERE; i++)
    CHECK(charge(&town, &message, &town.home, SECOND) == QP_STUN_TOO_LONG);
  message.length = MAX_BYTES;
  CHECK(count_paid(&town, &message, &town.home, QP_PAID_BY_REGISTRATION, SECOND) == HERE);
  qp_forwarder_destroy(town.rig);
}

static void a_source_pays(void)
{
  struct town town = begin();
  struct qp_address neighbour = town.home;
  neighbour.port ^= 1;
  CHECK(count_paid(&town, &town.anonymous, &town.home, QP_PAID_BY_STRANGER, SECOND) == PER_SOURCE);
  CHECK(charge(&town, &town.anonymous, &neighbour, SECOND) == QP_SOURCE_EXHAUSTED);
  CHECK(charge(&town, &town.anonymous, &town.away, SECOND) == QP_PAID_BY_STRANGER);
  CHECK(count_paid(&town, &town.anonymous, &town.home, QP_PAID_BY_STRANGER, 2ull * SECOND) == PER_SOURCE);
  qp_forwarder_destroy(town.rig);
}

static void a_site_pays_together(void)
{
  struct town town = begin();
  struct qp_address one = address_of(1), same = one, other = one;
  ((uint8_t *)same.ip)[15] ^= 1;
  ((uint8_t *)other.ip)[7] ^= 1;
  CHECK(count_paid(&town, &town.anonymous, &one, QP_PAID_BY_STRANGER, SECOND) == PER_SOURCE);
  CHECK(charge(&town, &town.anonymous, &same, SECOND) == QP_SOURCE_EXHAUSTED);
  CHECK(charge(&town, &town.anonymous, &other, SECOND) == QP_PAID_BY_STRANGER);
  qp_forwarder_destroy(town.rig);
}

static void strangers_pay_together(void)
{
  struct town town = begin();
  int paid = 0, source = 100;
  for (enum qp_stun_payer payer; source < 120; source++) {
    struct qp_address address = ipv4_address_of((unsigned)source);
    payer = charge(&town, &town.anonymous, &address, SECOND);
    paid += payer == QP_PAID_BY_STRANGER;
    CHECK(payer == QP_PAID_BY_STRANGER || payer == QP_STRANGERS_EXHAUSTED);
  }
  CHECK(paid == BURST);
  CHECK(charge(&town, &town.named, &town.home, SECOND) == QP_PAID_BY_REGISTRATION);
  qp_forwarder_destroy(town.rig);
}

static void a_registration_pays(void)
{
  struct town town = begin();
  CHECK(count_paid(&town, &town.named, &town.away, QP_PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  CHECK(count_paid(&town, &town.named, &town.home, QP_PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&town, &town.named, &town.home, QP_PAID_BY_REGISTRATION, 2ull * SECOND) == HERE);
  qp_forwarder_destroy(town.rig);
}

/** Opens another session at home, which draws from a bucket. */
static struct message name_another(struct town *town, uint32_t bucket, uint8_t number)
{
  const uint8_t cid[QP_CID_BYTES] = { number };
  const char name[] = { 'r', 'e', 'g', '_', (char)('0' + number), 0 };
  uint32_t id = open_session(town->rig, cid, 1, &town->home);
  qp_session_charge(&town->rig->tables.sessions, id, bucket);
  CHECK(qp_stun_gate_name(&town->rig->tables.stun_gate, id, (const uint8_t *)name, 5));
  return make_message(0, name, 5);
}

static void a_subject_pays(void)
{
  struct town town = begin();
  uint32_t bucket = qp_load_index(&town.rig->tables.sessions.accounts[0].bucket);
  const struct message others[] = { name_another(&town, bucket, 2), name_another(&town, bucket, 3) };
  uint32_t own = qp_bucket_open(&town.rig->tables.sessions.buckets, 1, 1);
  const struct message neighbour = name_another(&town, own, 4);
  CHECK(count_paid(&town, &town.named, &town.home, QP_PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&town, &others[0], &town.home, QP_PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(count_paid(&town, &others[1], &town.home, QP_PAID_BY_REGISTRATION, SECOND) == SUBJECT - 2 * HERE);
  CHECK(count_paid(&town, &others[0], &town.away, QP_PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  CHECK(count_paid(&town, &others[1], &town.away, QP_PAID_BY_REGISTRATION, SECOND) == SUBJECT_ELSEWHERE - ELSEWHERE);
  CHECK(count_paid(&town, &neighbour, &town.home, QP_PAID_BY_REGISTRATION, SECOND) == HERE);
  CHECK(town.rig->tables.stun_gate.waiting[bucket] == SUBJECT + SUBJECT_ELSEWHERE);
  CHECK(town.rig->tables.stun_gate.waiting[own] == HERE);
  qp_forwarder_destroy(town.rig);
}

static void one_that_is_nowhere_is_elsewhere(void)
{
  struct town town = begin();
  CHECK(qp_session_move(&town.rig->tables.sessions, 0, NULL));
  CHECK(count_paid(&town, &town.named, &town.home, QP_PAID_BY_REGISTRATION, SECOND) == ELSEWHERE);
  qp_forwarder_destroy(town.rig);
}

static void one_that_has_ended_pays_nothing(void)
{
  struct town town = begin();
  qp_store(&town.rig->tables.sessions.accounts[0].expires_at_ns, SECOND);
  CHECK(charge(&town, &town.named, &town.home, SECOND) == QP_PAID_BY_STRANGER);
  qp_store(&town.rig->tables.sessions.accounts[0].expires_at_ns, UINT64_MAX);
  CHECK(charge(&town, &town.named, &town.home, SECOND) == QP_PAID_BY_REGISTRATION);
  qp_stun_gate_forget(&town.rig->tables.stun_gate, 0);
  qp_stun_gate_forget(&town.rig->tables.stun_gate, 0);
  CHECK(charge(&town, &town.named, &town.home, SECOND) == QP_PAID_BY_STRANGER);
  CHECK(qp_stun_gate_name(&town.rig->tables.stun_gate, 0, (const uint8_t *)"reg_2", 5));
  CHECK(charge(&town, &town.named, &town.home, SECOND) == QP_PAID_BY_STRANGER);
  qp_reclaim(&town.rig->tables.grace);
  qp_forwarder_destroy(town.rig);
}

static void a_name_is_read_as_it_is(void)
{
  struct town town = begin();
  const char long_name[] = "12345678901234567890123456789012345678901234567890123456789012345";
  const struct message others[] = {
    make_message(0, "reg_12", 6), make_message(0, "reg_", 4), make_message(0, "reg_1", 500), make_message(16, "reg_1", 5),
    make_message(0, "", 0), make_message(0, long_name, 65), { .bytes = { 0, 1 }, .length = 20 },
  };
  struct message fifth = make_message(15, "reg_1", 5);
  CHECK(charge(&town, &fifth, &town.home, SECOND) == QP_PAID_BY_REGISTRATION);
  for (uint64_t i = 0; i < sizeof others / sizeof others[0]; i++)
    CHECK(charge(&town, &others[i], &town.home, (i + 2) * SECOND) == QP_PAID_BY_STRANGER);
  qp_forwarder_destroy(town.rig);
}

/** Attributes of random types and lengths, often USERNAME and often longer than the message: what is read is in it. */
static void random_bytes_are_read_in_bounds(void)
{
  struct town town = begin();
  struct random random = { 1 };
  for (uint64_t round = 0; round < 100000; round++) {
    struct message message = { .bytes = { 0, 1 }, .length = 20 + 4 * random_below(&random, 27) };
    for (size_t at = 20; at < message.length; at++)
      message.bytes[at] = random_below(&random, 2) ? 0 : (uint8_t)random_below(&random, at % 2 ? 24 : 2);
    enum qp_stun_payer payer = charge(&town, &message, &town.away, (round + 1) * SECOND);
    CHECK(payer == QP_PAID_BY_STRANGER);
  }
  qp_forwarder_destroy(town.rig);
}

static const struct test tests[] = {
  { "nobody pays for what is longer than a client's", nobody_pays_for_what_is_too_long },
  { "a source pays for what a stranger sends from any of its ports", a_source_pays },
  { "the addresses of an IPv6 /64 pay together", a_site_pays_together },
  { "all strangers pay together, registrations not", strangers_pay_together },
  { "a registration pays for what names it, here and elsewhere apart", a_registration_pays },
  { "the registrations of a subject pay together, others' not", a_subject_pays },
  { "a registration without an address is elsewhere", one_that_is_nowhere_is_elsewhere },
  { "a registration that has ended, expired or got another name pays nothing", one_that_has_ended_pays_nothing },
  { "a name is compared whole, and looked for in bounds", a_name_is_read_as_it_is },
  { "whatever the bytes are, no more of them are read than there are", random_bytes_are_read_in_bounds },
};

const struct suite stun_gate_suite = SUITE("stun-gate", tests);
