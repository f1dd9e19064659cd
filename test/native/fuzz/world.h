/*
 * A small world for the fuzzer twice: in the forwarder, and as plain variables from which one can tell at any time
 * what has to become of a datagram.
 */
#ifndef WORLD_H
#define WORLD_H

#include "../harness/rig.h"
#include "client.h"
#include "input.h"

enum {
  SESSIONS = 6,
  CIDS = 12,
  PINS = 4,
  /** Sources; the first are those at which sessions may live. */
  SOURCES = 8,
  HOMES = 6,
  MAX_CLIENTS = 3,
  MAX_ON_PROBATION = 2,
  NOBODY = -1,
};

struct session {
  bool is_open;
  uint32_t id;
  /** A source, or `NOBODY`. */
  int home;
  /** Of the last time that it came to its home: who came last pays. */
  unsigned arrival;
  int64_t expires_at_ms;
  bool is_broke;
};

struct pin {
  bool is_set;
  int to, from;
  int64_t expires_at_ms;
};

struct world {
  struct qp_forwarder *rig;
  struct qp_now now;
  bool is_ipv4_only, has_gateway, takes_any_source;
  unsigned arrivals, client_arrivals;
  struct session sessions[SESSIONS];
  /** Those of a subject that can pay, and of one that is broke. */
  uint32_t buckets[2];
  struct pin pins[PINS];
  struct client clients[SOURCES];
  /** Which session each connection ID leads to, or `NOBODY`. */
  int owners[CIDS];
};

/** Where a datagram has to go. */
enum fate { FATE_DROP, FATE_RELAY, FATE_GATEWAY, FATE_STUN };

struct verdict {
  enum fate fate;
  /** Why it is dropped. */
  enum qp_counter reason;
  /** The source at which it has to arrive. */
  int home;
  /** What tells its flow from the others of its source. */
  int flow;
  /** For the gateway: the arrival of its client. */
  unsigned arrival;
};

void world_open(struct world *world, struct input *input);
void world_close(struct world *world);
/** Changes something about sessions, routes, pins, time. */
void world_change(struct world *world, struct input *input);

/** What has to become of a datagram that came from `source`; a client it makes is in the world from then on. */
struct verdict world_expect(struct world *world, int source, const uint8_t *data, size_t length);

/** 12 bytes; those of neighbours differ in the first word or in the second alone. */
const uint8_t *world_cid(unsigned cid);
/** The DCID of a pin: one is a connection ID as well, one begins as another does and goes on with zeros. */
const uint8_t *world_pin(unsigned pin, uint8_t *length);
struct qp_address world_address(const struct world *world, int source);
/** The virtual address of a client, or 0 if it is none, or one no longer. */
uint32_t world_virtual(const struct world *world, int source);

#endif
