/*
 * Fuzzes the whole receive path without its sockets: batches of received messages alternate with changes of the tables,
 * and the kernel accepts, refuses and fails as the input says. Each datagram must either leave once, as the world
 * (world.h) expects, or be counted once, and the counters must match.
 */
#include <errno.h>

#include "../harness/check.h"
#include "../harness/kernel.h"
#include "run.h"

enum {
  PUBLIC_SOCKET = 100,
  UPSTREAM_SOCKET = 101,
  MAX_STEPS = 24,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static int decide(void *context, int socket, const struct msghdr *message)
{
  static const int errors[] = { EAGAIN, ENOBUFS, EIO, EINVAL, ECONNREFUSED, EINTR, EMSGSIZE, ENETUNREACH };
  struct run *run = context;
  CHECK(!is_segmented(message) || !run->may_not_segment[socket - PUBLIC_SOCKET]);
  unsigned choice = next_byte(&run->input);
  int error = choice < 128 ? 0 : errors[choice % 8];
  if (error == EIO && is_segmented(message))
    run->has_failed_to_segment[socket - PUBLIC_SOCKET] = true;
  return error;
}

static void check_order(struct run *run, const struct datagram *datagram)
{
  const struct datagram **last = &run->last[datagram->source][datagram->verdict.flow];
  CHECK(!*last || *last < datagram);
  *last = datagram;
}

/** The source must be the client's virtual address, unless another client took its place later in the batch. */
static void check_virtual(const struct run *run, const struct datagram *datagram, const struct qp_ip *local)
{
  const struct client *client = &run->world.clients[datagram->source];
  struct qp_ip virtual = qp_mapped_ip(world_virtual(&run->world, datagram->source));
  CHECK(local->words[3] != 0);
  if (client->is_known && client->arrival == datagram->verdict.arrival)
    CHECK(qp_same_local(local, &virtual));
}

static void leave(void *context, const struct sent_datagram *sent_datagram)
{
  struct run *run = context;
  struct datagram *datagram = batch_find(&run->batch, sent_datagram->data);
  bool is_to_gateway = datagram->verdict.fate == FATE_GATEWAY;
  struct qp_address to = world_address(&run->world, datagram->verdict.home);
  CHECK(!datagram->has_left && sent_datagram->length == datagram->length && sent_datagram->ecn == datagram->ecn);
  CHECK(datagram->verdict.fate == FATE_RELAY || is_to_gateway);
  CHECK(sent_datagram->socket == (is_to_gateway ? UPSTREAM_SOCKET : PUBLIC_SOCKET));
  CHECK(qp_same_address(&sent_datagram->to, is_to_gateway ? &run->world.rig->tables.upstream : &to));
  if (is_to_gateway)
    check_virtual(run, datagram, &sent_datagram->local);
  else
    CHECK(qp_same_local(&sent_datagram->local, &(struct qp_ip){ 0 }));
  datagram->has_left = true;
  check_order(run, datagram);
}

/** The splice and the world must know the same clients. */
static void check_clients(const struct run *run)
{
  unsigned known = 0, on_probation = 0;
  for (int source = 0; source < SOURCES; source++) {
    bool is_known = run->world.clients[source].is_known;
    CHECK((world_virtual(&run->world, source) != 0) == is_known);
    known += is_known;
    on_probation += is_known && !run->world.clients[source].has_answered;
  }
  CHECK(atomic_load(&run->world.rig->tables.splice_limits.places.count) == known);
  CHECK(atomic_load(&run->world.rig->tables.splice_limits.places.count_on_probation) == on_probation);
}

/** Runs one turn of an I/O thread. */
static void forward(struct run *run)
{
  struct qp_relay *relay = &run->world.rig->workers[0].relay;
  struct qp_grace *grace = &run->world.rig->tables.grace;
  memset(run->last, 0, sizeof run->last);
  qp_grace_enter(grace, 0);
  if (run->is_from_gateway)
    qp_relay_upstream(relay, run->batch.received, run->batch.messages);
  else
    qp_relay_public(relay, run->batch.received, run->batch.messages, run->world.now);
  qp_outbox_flush(&relay->public_outbox, PUBLIC_SOCKET);
  qp_outbox_flush(&relay->upstream_outbox, UPSTREAM_SOCKET);
  qp_grace_leave(grace, 0);
  for (int i = 0; i < 2; i++)
    run->may_not_segment[i] |= run->has_failed_to_segment[i];
}

static void step(struct run *run)
{
  unsigned choice = next_byte(&run->input);
  if (choice % 4 < 2)
    return world_change(&run->world, &run->input);
  run->is_from_gateway = choice % 4 == 3;
  if (run->is_from_gateway)
    batch_from_upstream(&run->batch, &run->world, &run->input);
  else
    batch_from_public(&run->batch, &run->world, &run->input);
  forward(run);
  check_counters(run);
  check_clients(run);
  batch_free(&run->batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
  static struct run run;
  memset(&run, 0, sizeof run);
  run.input = (struct input){ data, data + length };
  struct kernel fake = { .decide = decide, .leave = leave, .context = &run };
  kernel = &fake;
  world_open(&run.world, &run.input);
  for (int steps = 0; steps < MAX_STEPS && run.input.at < run.input.end; steps++)
    step(&run);
  world_close(&run.world);
  kernel = NULL;
  return 0;
}
