/*
 * The owners of connection IDs and addresses while the threads race. The bytes of either identify the owner, so each
 * datagram that leaves shows by itself whether it may go where it goes.
 */
#ifndef OWNERS_H
#define OWNERS_H

#include "../harness/rig.h"

enum {
  /** Owners have two sessions, two addresses and a few connection IDs each, which no other owner ever has. */
  OWNERS = 6,
  /** Has one session that is never closed. Its first connection IDs and its initial route are always there. */
  ANCHOR = OWNERS,
  /** Has connection IDs that are never registered. */
  FOREIGN,
  /** Has a session that only sends. */
  SENDER,
  /** Has gateway clients. */
  STRANGER,
};

enum { OWNER_SESSIONS = 2, OWNER_ADDRESSES = 2, OWNER_CIDS = 8, ANCHOR_CIDS = 4 };

/** The identity of a datagram, in its first bytes. */
struct label {
  uint8_t owner, number;
  bool is_initial;
};

enum { DATAGRAM_BYTES = 64, INITIAL_BYTES = 8 };

void write_cid(uint8_t cid[QP_CID_BYTES], unsigned owner, unsigned number);
void write_initial(uint8_t dcid[INITIAL_BYTES], unsigned owner);
void write_datagram(uint8_t data[DATAGRAM_BYTES], struct label label);
struct label label_of(const uint8_t *data);

/** The relay's own addresses, each of equal bytes, so that any part identifies the whole. */
enum { HOST_ADDRESSES = 2 };

struct qp_ip host_address(unsigned number);
/** Reports whether an address is one of them, complete, or none at all. */
bool is_of_host(const struct qp_ip *local);

struct qp_address owner_address(unsigned owner, unsigned number);
/** Returns the owner of an address, if it belongs to one. */
unsigned owner_of(const struct qp_address *address);

#endif
