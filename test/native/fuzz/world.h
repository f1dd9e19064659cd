/*
 * A small world for the fuzzer, kept twice: in the forwarder, and as plain variables that give the expected fate of any
 * datagram at any time.
 */
#ifndef WORLD_H
#define WORLD_H

#include "../harness/rig.h"
#include "client.h"
#include "input.h"

enum {
  SESSIONS = 6,
  CIDS = 12,
  INITIALS = 4,
  /** Sources. Sessions may live at the first HOMES of them. */
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
  /** Number of its last arrival at its home. The last session to arrive pays. */
  unsigned arrival;
  int64_t expires_at_ms;
  bool is_broke;
};

struct initial_route {
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
  /** The bucket of a subject that can pay, and of one that is broke. */
  uint32_t buckets[2];
  struct initial_route initial_routes[INITIALS];
  struct client clients[SOURCES];
  /** The session that each connection ID leads to, or `NOBODY`. */
  int owners[CIDS];
};

/** The expected destination of a datagram. */
enum fate { FATE_DROP, FATE_RELAY, FATE_GATEWAY, FATE_STUN };

struct verdict {
  enum fate fate;
  /** The reason to drop it. */
  enum qp_counter reason;
  /** The source at which it must arrive. */
  int home;
  /** Tells its flow from the other flows of its source. */
  int flow;
  /** For the gateway: the arrival number of the client. */
  unsigned arrival;
};

void world_open(struct world *world, struct input *input);
void world_close(struct world *world);
/** Makes a random change to sessions, routes, initial routes or the time. */
void world_change(struct world *world, struct input *input);

/** Returns the expected fate of a datagram from `source`. A client that it brings is in the world from then on. */
struct verdict world_expect(struct world *world, int source, const uint8_t *data, size_t length);

/** Returns 12 bytes. Those of neighbours differ only in the first word or only in the second. */
const uint8_t *world_cid(unsigned cid);
/** Returns the DCID of a route. One is also a connection ID, and one is another's DCID followed by zeros. */
const uint8_t *world_initial(unsigned initial, uint8_t *length);
struct qp_address world_address(const struct world *world, int source);
/** Returns the virtual address of a client, or 0 if the source is not, or no longer, a client. */
uint32_t world_virtual(const struct world *world, int source);

#endif
