#include "../../../src/forwarder/native/tables/routes.h"

#include <string.h>

#include "../harness/check.h"
#include "../harness/random.h"
#include "../harness/suite.h"

enum { CIDS = 8192, ROUNDS = 2000000, MILLION = 1000000, CID_BYTES = 12 };

struct model {
  struct qp_grace grace;
  struct qp_routes routes;
  uint32_t owners[CIDS];
  size_t count;
};

static struct model model;

/** Neighbours differ in one of the two words that are compared, and all IDs differ in few bits. */
static void write_cid(uint32_t number, uint8_t cid[CID_BYTES])
{
  memset(cid, 0, CID_BYTES);
  memcpy(cid + (number & 1 ? 6 : 8), &number, sizeof number);
}

static void begin(void)
{
  const struct qp_hash_key key = { 1, 2 };
  memset(&model, 0, sizeof model);
  memset(model.owners, 0xff, sizeof model.owners);
  qp_grace_init(&model.grace, 1);
  qp_routes_init(&model.routes, &key, &model.grace);
}

static void end(void)
{
  qp_reclaim(&model.grace);
  qp_routes_destroy(&model.routes);
}

static uint32_t find(uint32_t number)
{
  uint8_t cid[CID_BYTES];
  write_cid(number, cid);
  uint64_t hash = qp_routes_hash(&model.routes, cid);
  qp_routes_prefetch(&model.routes, hash);
  return qp_routes_find(&model.routes, cid, hash);
}

static void set(uint32_t number, uint32_t session)
{
  uint8_t cid[CID_BYTES];
  write_cid(number, cid);
  CHECK(qp_routes_set(&model.routes, cid, session));
  model.count += model.owners[number] == QP_NO_SESSION;
  model.owners[number] = session;
}

/** Has no effect if the connection ID leads to another session. */
static void remove_from(uint32_t number, uint32_t session)
{
  uint8_t cid[CID_BYTES];
  write_cid(number, cid);
  qp_routes_remove(&model.routes, cid, session);
  if (model.owners[number] != session)
    return;
  model.owners[number] = QP_NO_SESSION;
  model.count--;
}

static void check_all(void)
{
  CHECK(model.routes.count == model.count);
  for (uint32_t number = 0; number < CIDS; number++)
    CHECK(find(number) == model.owners[number]);
}

static void lead_where_they_were_set(void)
{
  struct random random = { 1 };
  begin();
  for (int i = 0; i < ROUNDS; i++) {
    uint32_t number = random_below(&random, CIDS), session = random_below(&random, 4);
    if (random_below(&random, 100) < (i / 200000 % 2 == 0 ? 80 : 5))
      set(number, session);
    else
      remove_from(number, session);
    CHECK(find(number) == model.owners[number]);
    if (i % 100000 == 0)
      check_all();
    if (i % 100 == 0)
      qp_reclaim(&model.grace);
  }
  check_all();
  end();
}

static void give_memory_back(void)
{
  begin();
  for (uint32_t number = 0; number < CIDS; number++)
    set(number, 7);
  size_t full_bytes = qp_routes_bytes(&model.routes);
  for (uint32_t number = 0; number < CIDS; number++)
    remove_from(number, 7);
  CHECK(model.routes.count == 0);
  CHECK(qp_routes_bytes(&model.routes) - sizeof model.routes < full_bytes / 2);
  end();
}

static void fit_into_64_bytes(void)
{
  uint8_t cid[CID_BYTES];
  begin();
  for (uint32_t number = 0; number < MILLION; number++) {
    write_cid(number, cid);
    CHECK(qp_routes_set(&model.routes, cid, number));
  }
  CHECK(model.routes.count == MILLION);
  CHECK(qp_routes_bytes(&model.routes) <= (size_t)64 * MILLION);
  CHECK(find(MILLION - 1) == MILLION - 1 && find(0) == 0);
  end();
}

static const struct test tests[] = {
  { "lead where they were set last, through two million changes", lead_where_they_were_set },
  { "give memory back when most of them are gone", give_memory_back },
  { "take at most 64 bytes each, when there are a million", fit_into_64_bytes },
};

const struct suite routes_suite = SUITE("routes", tests);
