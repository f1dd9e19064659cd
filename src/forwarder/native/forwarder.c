#include "forwarder.h"

#include <errno.h>
#include <sys/random.h>

#include "io/message.h"
#include "memory/pages.h"
#include "tables/adoption.h"
#include "tables/endpoints.h"

static int family_of(const char *host)
{
  return strchr(host, ':') ? AF_INET6 : AF_INET;
}

/** Returns the address to bind; zero for all. */
static struct qp_ip bound_ip(const char *host)
{
  struct qp_address address;
  struct qp_ip ip = { 0 };
  if (qp_parse_address(host, 0, &address) && !qp_is_unspecified(&address))
    memcpy(&ip, address.ip, sizeof ip);
  return ip;
}

static struct qp_kernel *open_kernel(struct qp_forwarder *forwarder, const struct qp_kernel_options *options)
{
  if (!options)
    return NULL;
  forwarder->kernel_error = qp_kernel_open(&forwarder->kernel, options);
  forwarder->has_kernel = forwarder->kernel_error == 0;
  return forwarder->has_kernel ? &forwarder->kernel : NULL;
}

/** Secrets that outsiders must not be able to guess. */
struct secrets {
  struct qp_hash_key key;
  struct qp_permutation_key order;
  struct qp_hash_key nonce_key;
};

static bool init_tables(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options,
                        const struct secrets *secrets)
{
  const struct qp_hash_key *key = &secrets->key;
  struct qp_tables *tables = &forwarder->tables;
  struct qp_kernel *kernel = open_kernel(forwarder, options->kernel);
  qp_grace_init(&tables->grace, options->threads);
  qp_table_init(&tables->initial_routes, QP_KEY(struct qp_initial_route, initial), key, &tables->grace);
  qp_splice_limits_init(&tables->splice_limits, &options->splice, &secrets->order, key);
  qp_upcalls_init(&tables->upcalls, options->stun.max_waiting, options->wake, options->context);
  tables->is_sender_checked = options->is_sender_checked;
  tables->has_upstream =
    options->upstream_host && qp_parse_address(options->upstream_host, options->upstream_port, &tables->upstream);
  if (tables->has_upstream)
    tables->upstream_name = qp_name_of_address(&tables->upstream, AF_INET);
  const struct qp_sessions_size size = { options->max_sessions, options->max_buckets };
  tables->sessions.bound = bound_ip(options->host);
  bool has_memory =
    qp_stun_gate_init(&tables->stun_gate, &options->stun, size, key, &secrets->nonce_key, &tables->grace);
  return qp_sessions_init(&tables->sessions, size, key, &tables->grace, family_of(options->host), kernel) && has_memory;
}

static bool adopt(struct qp_forwarder *forwarder)
{
  uint64_t now_ns = qp_worker_now(&forwarder->workers[0]).ns;
  return !forwarder->kernel.is_adopted || qp_sessions_adopt(&forwarder->tables.sessions, now_ns) == 0;
}

static bool init_worker(struct qp_forwarder *forwarder, unsigned index, const struct qp_forwarder_options *options,
                        const struct qp_hash_key *key)
{
  struct qp_worker *worker = &forwarder->workers[index];
  struct qp_relay *relay = &worker->relay;
  worker->index = index;
  worker->public_socket = worker->upstream_socket = worker->stop_event = worker->epoll = -1;
  worker->sweep_interval_ms = options->sweep_interval_ms;
  worker->clock = options->clock;
  worker->epoch_ms = options->epoch_ms;
  relay->tables = &forwarder->tables;
  qp_splice_init(&relay->splice, &forwarder->tables.splice_limits, key, index, forwarder->threads,
                 family_of(options->host));
  qp_outbox_init(&relay->public_outbox, &relay->counters, options->may_segment);
  qp_outbox_init(&relay->upstream_outbox, &relay->counters, options->may_segment);
  return qp_inbox_init(&worker->inbox);
}

static bool init_workers(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options,
                         const struct qp_hash_key *key)
{
  bool has_memory = true;
  for (unsigned i = 0; i < forwarder->threads; i++)
    has_memory &= init_worker(forwarder, i, options, key);
  return has_memory;
}

struct qp_forwarder *qp_forwarder_create(const struct qp_forwarder_options *options)
{
  struct secrets secrets;
  struct qp_forwarder *forwarder = qp_pages_allocate(sizeof *forwarder);
  struct qp_worker *workers = qp_pages_allocate(options->threads * sizeof *workers);
  if (!forwarder || !workers || getrandom(&secrets, sizeof secrets, 0) != sizeof secrets) {
    qp_pages_free(forwarder, sizeof *forwarder);
    qp_pages_free(workers, options->threads * sizeof *workers);
    return NULL;
  }
  forwarder->workers = workers;
  forwarder->threads = options->threads;
  bool has_memory = init_tables(forwarder, options, &secrets);
  has_memory &= init_workers(forwarder, options, &secrets.key);
  if (has_memory && adopt(forwarder))
    return forwarder;
  qp_forwarder_destroy(forwarder);
  return NULL;
}

/** Binds the first socket exclusively, so that a port in use is refused. The others then share the port. */
static bool open_public(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options, unsigned index,
                        struct qp_failure *failure)
{
  int family = family_of(options->host);
  int *opened = &forwarder->workers[index].public_socket;
  *opened = qp_open_public_socket(&forwarder->bound, family, index > 0, &options->socket, failure);
  if (*opened < 0 || index > 0)
    return *opened >= 0;
  return qp_bound_address(*opened, &forwarder->bound, failure) &&
         (forwarder->threads == 1 || qp_share_port(*opened, failure));
}

static bool open_sockets(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options, unsigned index,
                         struct qp_failure *failure)
{
  struct qp_worker *worker = &forwarder->workers[index];
  if (!open_public(forwarder, options, index, failure))
    return false;
  if (!qp_can_segment(worker->public_socket))
    worker->relay.public_outbox.may_segment = worker->relay.upstream_outbox.may_segment = false;
  if (!forwarder->tables.has_upstream)
    return true;
  worker->upstream_socket = qp_open_upstream_socket(&options->socket, failure);
  return worker->upstream_socket >= 0;
}

static bool start_kernel(struct qp_forwarder *forwarder, struct qp_failure *failure)
{
  if (!forwarder->has_kernel)
    return true;
  const struct qp_address *bound = &forwarder->bound;
  int error = qp_kernel_start(&forwarder->kernel, bound->port, forwarder->tables.is_sender_checked);
  *failure = (struct qp_failure){ "bpf", error };
  return error == 0;
}

static bool start_worker(struct qp_worker *worker, struct qp_failure *failure)
{
  int error = qp_worker_start(worker);
  *failure = (struct qp_failure){ "pthread_create", error };
  return error == 0;
}

bool qp_forwarder_start(struct qp_forwarder *forwarder, const struct qp_forwarder_options *options,
                        struct qp_failure *failure)
{
  *failure = (struct qp_failure){ "getaddrinfo", EINVAL };
  bool is_started = qp_parse_address(options->host, options->port, &forwarder->bound);
  for (unsigned i = 0; is_started && i < forwarder->threads; i++)
    is_started = open_sockets(forwarder, options, i, failure);
  is_started = is_started && start_kernel(forwarder, failure);
  /*
   * No thread starts before the last socket is bound: a new socket changes the distribution of flows over the others.
   */
  for (unsigned i = 0; is_started && i < forwarder->threads; i++)
    is_started = start_worker(&forwarder->workers[i], failure);
  if (!is_started)
    qp_forwarder_stop(forwarder);
  return is_started;
}

void qp_forwarder_stop(struct qp_forwarder *forwarder)
{
  for (unsigned i = 0; i < forwarder->threads; i++) {
    qp_worker_stop(&forwarder->workers[i]);
    qp_splice_clear(&forwarder->workers[i].relay.splice);
  }
  if (forwarder->has_kernel)
    qp_kernel_stop(&forwarder->kernel);
}

void qp_forwarder_destroy(struct qp_forwarder *forwarder)
{
  struct qp_tables *tables = &forwarder->tables;
  qp_forwarder_stop(forwarder);
  qp_reclaim(&tables->grace);
  for (unsigned i = 0; i < forwarder->threads; i++) {
    qp_splice_destroy(&forwarder->workers[i].relay.splice);
    qp_inbox_destroy(&forwarder->workers[i].inbox);
  }
  qp_sessions_destroy(&tables->sessions);
  if (forwarder->has_kernel)
    qp_kernel_close(&forwarder->kernel);
  qp_table_destroy_all(&tables->initial_routes);
  /* Before the gate, whose memory holds the counts of waiting upcalls. */
  qp_upcalls_destroy(&tables->upcalls);
  qp_stun_gate_destroy(&tables->stun_gate);
  qp_splice_limits_destroy(&tables->splice_limits);
  qp_pages_free(forwarder->workers, forwarder->threads * sizeof *forwarder->workers);
  qp_pages_free(forwarder, sizeof *forwarder);
}

int qp_forwarder_send(const struct qp_forwarder *forwarder, const struct qp_path *path, void *data, size_t length)
{
  struct qp_name name = qp_name_of_address(&path->peer, forwarder->tables.sessions.family);
  const struct qp_destination destination = { .to = &name, .local = path->local };
  struct iovec datagram = { data, length };
  struct msghdr message;
  _Alignas(struct cmsghdr) uint8_t control[QP_SEND_CONTROL_BYTES];
  qp_message_write(&destination, 0, &datagram, 1, &message, control);
  return sendmsg(forwarder->workers[0].public_socket, &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

bool qp_forwarder_client(struct qp_forwarder *forwarder, uint32_t virtual_ipv4, struct qp_client_view *client)
{
  int64_t now_ms = qp_worker_now(&forwarder->workers[0]).ms;
  for (unsigned i = 0; i < forwarder->threads; i++)
    if (qp_splice_look_up(&forwarder->workers[i].relay.splice, virtual_ipv4, now_ms, client))
      return true;
  return false;
}

size_t qp_forwarder_thread_bytes(const struct qp_forwarder *forwarder)
{
  return forwarder->threads * (sizeof(struct qp_worker) + (size_t)QP_INBOX_MESSAGES * QP_INBOX_MESSAGE_BYTES);
}

size_t qp_forwarder_table_bytes(const struct qp_forwarder *forwarder)
{
  const struct qp_sessions *sessions = &forwarder->tables.sessions;
  return qp_routes_bytes(&sessions->routes) + qp_table_bytes(&sessions->endpoints) +
         sessions->endpoints.count * sizeof(struct qp_endpoint);
}
