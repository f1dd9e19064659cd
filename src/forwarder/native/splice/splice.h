/*
 * One thread's side of the gateway: a virtual address from 127.0.0.0/8 for each client, all behind one socket, so that
 * the application's HTTP/3 server can tell its clients apart. Only the thread writes; the control thread may look up a
 * client.
 */
#ifndef QP_SPLICE_H
#define QP_SPLICE_H

#include <pthread.h>

#include "../memory/address.h"
#include "../memory/counters.h"
#include "../memory/table.h"
#include "../tables/bucket.h"
#include "permutation.h"
#include "places.h"
#include "probation.h"

struct qp_splice_options {
  struct qp_place_limits places;
  /** Idle times after which a settled client and one on probation are forgotten. */
  int64_t idle_ms, new_idle_ms;
  /** How long a packet proves where its sender is. */
  int64_t presence_ms;
  /** How long a virtual address rests before another client gets it. */
  int64_t rest_ms;
};

/** The state shared by the splices of all threads. */
struct qp_splice_limits {
  struct qp_splice_options options;
  /** Key of the order in which virtual addresses are given out. */
  struct qp_permutation_key order;
  struct qp_places places;
};

struct qp_client {
  struct qp_path path;
  struct qp_name name;
  /** In network order; a word, as it is a key. */
  uint64_t virtual_ipv4;
  struct qp_place place;
  /** Whether it has answered the gateway, which ends its probation. */
  bool has_answered;
  struct qp_probation probation;
  /** When it last sent something. Also read by the control thread. */
  _Atomic int64_t seen_at_ms;
  /** Whether the gateway has sent it something since its last packet. */
  bool is_answered;
  /** Whether it is forgotten, and kept only for its virtual address, which rests until `rests_until_ms`. */
  bool is_resting;
  int64_t rests_until_ms;
  struct qp_client *next_resting;
};

struct qp_splice {
  struct qp_splice_limits *limits;
  struct qp_table by_path, by_virtual;
  /** Clients whose addresses rest, in the order in which the rests end, and where the next one is noted. */
  struct qp_client *first_resting, **resting_end;
  /** Held to change the tables, and by the control thread to read them. */
  pthread_mutex_t mutex;
  /** Position in the order of the next virtual address to try, and the step to the one after. */
  uint32_t cursor, stride;
  uint16_t family;
};

void qp_splice_limits_init(struct qp_splice_limits *limits, const struct qp_splice_options *options,
                           const struct qp_permutation_key *order, const struct qp_hash_key *key);
/** No splice may have a client left. */
void qp_splice_limits_destroy(struct qp_splice_limits *limits);

/** Thread `index` of `threads` gives out every `threads`-th address of the order, so that no two threads share one. */
void qp_splice_init(struct qp_splice *splice, struct qp_splice_limits *limits, const struct qp_hash_key *key,
                    unsigned index, unsigned threads, int family);
void qp_splice_destroy(struct qp_splice *splice);

/**
 * Returns the client at the peer of `path`, which sent `data`, and admits it if it is new. A client that talks to two
 * addresses of this host counts as two, so that each gets its answers from the address that it asked. Returns null,
 * with the reason in `refusal`, if the client is not admitted.
 */
struct qp_client *qp_splice_admit(struct qp_splice *splice, const struct qp_path *path, const uint8_t *data,
                                  uint32_t length, int64_t now_ms, uint64_t now_ns, enum qp_counter *refusal);
/** Watches a datagram from a client to the gateway. */
void qp_splice_sent(struct qp_splice *splice, struct qp_client *client, const uint8_t *data, uint32_t length);
/** Watches the gateway's answer to a client: datagrams of `segment_bytes`, of which the last may be shorter. */
void qp_splice_answered(struct qp_client *client, const uint8_t *data, uint32_t length, uint32_t segment_bytes);
/** Returns the client behind a virtual address, or null. */
struct qp_client *qp_splice_client(const struct qp_splice *splice, uint32_t virtual_ipv4);
/** Forgets clients that have been silent for too long, or to which the gateway has not answered for too long. */
void qp_splice_sweep(struct qp_splice *splice, int64_t now_ms, uint64_t now_ns);
/** Forgets all clients and ends all rests. The thread must have ended. */
void qp_splice_clear(struct qp_splice *splice);

/** A client, as the control thread sees it. */
struct qp_client_view {
  struct qp_path path;
  /** Whether it is at its address: its connection's newest packet came from there a moment ago. */
  bool is_there;
};

/** Control thread: looks up the client behind a virtual address; false if there is none. */
bool qp_splice_look_up(struct qp_splice *splice, uint32_t virtual_ipv4, int64_t now_ms, struct qp_client_view *view);

#endif
