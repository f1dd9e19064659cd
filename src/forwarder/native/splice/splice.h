/*
 * The gateway's side of one thread: a virtual address out of 127.0.0.0/8 for each client, all
 * behind one socket, so that the application's HTTP/3 server tells its clients apart. The thread alone writes;
 * the control thread may look a client up.
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
  /** Silence after which a client is forgotten, and one on probation. */
  int64_t idle_ms, new_idle_ms;
  /** How long a packet shows where its sender is. */
  int64_t presence_ms;
  /** How long a virtual address is nobody's before somebody else gets it. */
  int64_t rest_ms;
};

/** What the splices of all threads share. */
struct qp_splice_limits {
  struct qp_splice_options options;
  /** Of the order in which virtual addresses are given out. */
  struct qp_permutation_key order;
  struct qp_places places;
};

struct qp_client {
  struct qp_path path;
  struct qp_name name;
  /** In network order. */
  uint32_t virtual_ipv4;
  struct qp_place place;
  /** Whether it has answered the gateway; till then its probation goes on. */
  bool has_answered;
  struct qp_probation probation;
  /** Read by the control thread as well. */
  _Atomic int64_t seen_at_ms;
  /** Whether the gateway has sent it something since it was heard. */
  bool is_answered;
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
                           const struct qp_permutation_key *order, const struct qp_hash_key *key);
/** No splice has a client. */
void qp_splice_limits_destroy(struct qp_splice_limits *limits);

/** Thread `index` of `threads` gives out each `threads`th address of the order, so that no two give out the same. */
void qp_splice_init(struct qp_splice *splice, struct qp_splice_limits *limits, const struct qp_hash_key *key,
                    unsigned index, unsigned threads, int family);
void qp_splice_destroy(struct qp_splice *splice);

/**
 * The client at the other end of `path`, which sent `data`; a new one if it is not known yet: who talks to two addresses
 * of this host is two, so that each gets its answers from the one it asked. Null if there may be none: `refusal` says why.
 */
struct qp_client *qp_splice_admit(struct qp_splice *splice, const struct qp_path *path, const uint8_t *data,
                                  uint32_t length, int64_t now_ms, uint64_t now_ns, enum qp_counter *refusal);
/** Watches what a client sends to the gateway, datagram by datagram. */
void qp_splice_sent(struct qp_splice *splice, struct qp_client *client, const uint8_t *data, uint32_t length);
/** Watches what the gateway answers it: datagrams of `segment_bytes`, the last of which may be shorter. */
void qp_splice_answered(struct qp_client *client, const uint8_t *data, uint32_t length, uint32_t segment_bytes);
/** The client behind a virtual address, or null. */
struct qp_client *qp_splice_client(const struct qp_splice *splice, uint32_t virtual_ipv4);
/** Forgets the clients that have been silent for too long, or have sent nothing that the gateway answers. */
void qp_splice_sweep(struct qp_splice *splice, int64_t now_ms, uint64_t now_ns);
/** Forgets all of them, and what rests; the thread has ended. */
void qp_splice_clear(struct qp_splice *splice);

/** A client as the control thread sees it. */
struct qp_client_view {
  struct qp_path path;
  /** Whether it is at its address: its connection's newest packet came from there, a moment ago. */
  bool is_there;
};

/** Control thread: the client behind a virtual address; false if there is none. */
bool qp_splice_look_up(struct qp_splice *splice, uint32_t virtual_ipv4, int64_t now_ms, struct qp_client_view *view);

#endif
