#include "../../../src/forwarder/native/tables/bucket.h"

#include <pthread.h>

#include "../harness/check.h"
#include "../harness/random.h"
#include "../harness/suite.h"

enum { ROUNDS = 300000 };

/** The exact contents of a bucket: time in units of 2⁻¹⁶ ns, in a type that cannot overflow. */
struct exact {
  __int128 token, depth, level;
  uint64_t at_ns;
  /** Number of takes since the bucket was full. For each, the bucket may round down by a nanosecond. */
  int64_t takes;
};

static struct exact exact_of(const struct qp_bucket *bucket, double depth, uint64_t now_ns)
{
  __int128 token = qp_load(&bucket->token_ns_q16);
  return (struct exact){ .token = token, .depth = (__int128)(depth * (double)token), .at_ns = now_ns };
}

static void flow_in(struct exact *exact, uint64_t now_ns)
{
  exact->level += (__int128)(now_ns - exact->at_ns) << 16;
  exact->at_ns = now_ns;
  if (exact->level < exact->depth)
    return;
  exact->level = exact->depth;
  exact->takes = 0;
}

static void take(struct qp_bucket *bucket, struct exact *exact, uint32_t tokens, uint64_t now_ns)
{
  const __int128 ns = 1 << 16;
  flow_in(exact, now_ns);
  __int128 cost = tokens * exact->token;
  if (!qp_bucket_take(bucket, tokens, now_ns)) {
    CHECK(exact->level - cost < ns);
    return;
  }
  exact->level -= cost;
  exact->takes++;
  CHECK(exact->level > -(exact->takes + 1) * ns);
}

/** Packets arrive about as fast as they may, so that the bucket is often empty and sometimes full. */
static void take_at_random(double per_second, double depth)
{
  struct random random = { 1 };
  struct qp_bucket bucket;
  uint64_t now_ns = 1000000000;
  qp_bucket_init(&bucket, per_second, depth);
  struct exact exact = exact_of(&bucket, depth, now_ns);
  exact.level = exact.depth;
  double packet_ns = 700 / per_second * 1e9;
  for (int i = 0; i < ROUNDS; i++) {
    take(&bucket, &exact, random_below(&random, 1473), now_ns);
    uint32_t pause = random_below(&random, 1000);
    now_ns += (uint64_t)(packet_ns * (pause == 0 ? 1000 : pause / 500.0));
  }
}

static void gives_what_flows_in(void)
{
  take_at_random(1e3, 1500);
  take_at_random(125000, 31250);
  take_at_random(12.5e6, 3e6);
  take_at_random(1e9, 2.5e8);
}

static void starts_full(void)
{
  struct qp_bucket bucket;
  qp_bucket_init(&bucket, 1000, 5000);
  CHECK(qp_bucket_take(&bucket, 5000, 0) && !qp_bucket_take(&bucket, 1, 0));
  CHECK(!qp_bucket_take(&bucket, 1000, 999000000) && qp_bucket_take(&bucket, 1000, 1000000000));
}

static void never_overflows(void)
{
  struct qp_bucket bucket;
  qp_bucket_init(&bucket, 0, 1e18);
  CHECK(qp_bucket_take(&bucket, 65535, UINT64_MAX / 4));
  qp_bucket_init(&bucket, 1e300, 1e300);
  CHECK(qp_bucket_take(&bucket, 65535, 0));
}

/** Counts the tokens in the bucket by taking them one by one. */
static uint32_t count_tokens(struct qp_bucket *bucket, uint64_t now_ns)
{
  uint32_t tokens = 0;
  while (qp_bucket_take(bucket, 1, now_ns))
    tokens++;
  return tokens;
}

static void keeps_its_level(void)
{
  struct random random = { 1 };
  const uint64_t now_ns = 5000000000;
  for (int i = 0; i < 2000; i++) {
    struct qp_bucket bucket;
    uint32_t depth = 1 + random_below(&random, 4000), new_depth = random_below(&random, 4000);
    uint32_t taken = random_below(&random, depth + 1);
    qp_bucket_init(&bucket, 1 + random_below(&random, 100000), depth);
    CHECK(qp_bucket_take(&bucket, taken, now_ns));
    qp_bucket_reshape(&bucket, 1 + random_below(&random, 100000), new_depth, now_ns);
    uint32_t left = depth - taken < new_depth ? depth - taken : new_depth;
    uint32_t found = count_tokens(&bucket, now_ns);
    CHECK(found + 1 >= left && found <= left + 1);
  }
}

enum { RACE_TOKENS = 5000000 };

struct taker {
  struct qp_bucket *bucket;
  uint32_t taken;
  bool is_done;
};

static void *take_all(void *context)
{
  struct taker *taker = context;
  taker->taken = count_tokens(taker->bucket, 1);
  __atomic_store_n(&taker->is_done, true, __ATOMIC_RELEASE);
  return NULL;
}

static void loses_nothing_that_is_taken(void)
{
  struct qp_bucket bucket;
  struct taker taker = { .bucket = &bucket };
  pthread_t thread;
  qp_bucket_init(&bucket, 1, RACE_TOKENS);
  CHECK(pthread_create(&thread, NULL, take_all, &taker) == 0);
  while (!__atomic_load_n(&taker.is_done, __ATOMIC_ACQUIRE))
    qp_bucket_reshape(&bucket, 1, RACE_TOKENS, 1);
  pthread_join(thread, NULL);
  CHECK(taker.taken <= RACE_TOKENS && taker.taken + 1 >= RACE_TOKENS);
}

static const struct test tests[] = {
  { "starts full, and is empty when all is taken", starts_full },
  { "gives exactly what flows in, but for a nanosecond with each packet, from 1 kB/s to 1 GB/s", gives_what_flows_in },
  { "takes rates and depths beyond all bounds", never_overflows },
  { "keeps its level, up to the new depth, when rate and depth change", keeps_its_level },
  { "loses nothing that is taken while rate and depth change", loses_nothing_that_is_taken },
};

const struct suite bucket_suite = SUITE("bucket", tests);
