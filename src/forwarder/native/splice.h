/*
 * The gateway's side of one thread: a virtual address out of 127.0.0.0/8 for each client, all
 * behind one socket, so that the application's HTTP/3 server tells its clients apart. The thread alone writes;
 * the control thread may look a client up.
 */
#ifndef QP_SPLICE_H
#define QP_SPLICE_H

#include <pthread.h>

#include "address.h"
#include "bucket.h"
#include "counters.h"
#include "permutation.h"
#include "table.h"

struct qp_splice_options {
  uint32_t max_clients;
  double new_clients_per_second, new_client_burst;
  int64_t idle_ms, new_idle_ms;
  /** How long a virtual address is nobody's before somebody else gets it. */
  int64_t rest_ms;
  /** Datagrams from which on a client is no longer new. */
  uint64_t new_datagrams;
};

/** What the splices of all threads share. */
struct qp_splice_limits {
  struct qp_splice_options options;
  /** Of the order in which virtual addresses are given out. */
  struct qp_permutation_key order;
  _Atomic uint32_t clients;
  struct qp_bucket creations;
};

struct qp_client {
  struct qp_path path;
  struct qp_name name;
  /** In network order. */
  uint32_t virtual_ipv4;
  uint64_t datagrams;
  int64_t seen_at_ms;
  /** It has been forgotten, and is kept for its virtual address alone, which rests until then. */
  bool is_resting;
  int64_t rests_until_ms;
  struct qp_client *next_resting;
};

struct qp_splice {
  struct qp_splice_limits *limits;
  struct qp_hash_key key;
  struct qp_table by_path, by_virtual;
  /** Clients whose address rests, those that end it first in front. */
  struct qp_client *first_resting, *last_resting;
  /** Held to change the tables, and by the control thread to read them. */
  pthread_mutex_t mutex;
  /** The place in the order of the next virtual address to try, and the step to the one after. */
  uint32_t cursor, stride;
  uint16_t family;
};

void qp_splice_limits_init(struct qp_splice_limits *limits, const struct qp_splice_options *options,
                           const struct qp_permutation_key *order);

/** Thread `index` of `threads` gives out each `threads`th address of the order, so that no two give out the same. */
void qp_splice_init(struct qp_splice *splice, struct qp_splice_limits *limits, const struct qp_hash_key *key,
                    unsigned index, unsigned threads, int family);
void qp_splice_destroy(struct qp_splice *splice);

/**
 * The client at the other end of `path`, a new one if it is not known yet: who talks to two addresses of this host is
 * two, so that each gets its answers from the one it asked. Null if there may be no more: `refusal` says why.
 */
struct qp_client *qp_splice_admit(struct qp_splice *splice, const struct qp_path *path, int64_t now_ms,
                                  uint64_t now_ns, enum qp_counter *refusal);
/** The client behind a virtual address, or null. */
struct qp_client *qp_splice_client(const struct qp_splice *splice, uint32_t virtual_ipv4);
/** Forgets the clients that have been silent for too long. */
void qp_splice_sweep(struct qp_splice *splice, int64_t now_ms);
/** Forgets all of them, and what rests; the thread has ended. */
void qp_splice_clear(struct qp_splice *splice);

/** Control thread: the way to the client behind a virtual address; false if there is none. */
bool qp_splice_look_up(struct qp_splice *splice, uint32_t virtual_ipv4, struct qp_path *path);

#endif
