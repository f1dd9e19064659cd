/* The program in the kernel, with a session for each of six people who live on the links of the host. */
#ifndef RIG_H
#define RIG_H

#include <linux/bpf.h>

#include "../../src/xdp/native/entries.h"
#include "host.h"
#include "packet.h"

/** A person's number is the session's, and the last byte of the person's MAC. */
enum person { ALICE4, BOB4, CAROL4, ALICE6, BOB6, CAROL6, PEOPLE, NOBODY = PEOPLE };

enum {
  RELAY_PORT = 4433,
  CID_BYTES = 12,
  PAYLOAD_BYTES = 100,
  MAX_ROUTES = 1 << 17,
  /** All time that a bucket is given is so long that no pause of this process matters. */
  LONG_SECONDS = 1000,
};

struct rig {
  struct host host;
  struct qp_kernel kernel;
  /** Where frames come in: in the west unless a test says otherwise. */
  int ingress;
  /** What runs, to be said if it fails. */
  const char *at;
};

extern struct rig rig;

/** Enters the host and loads the program; 0 or an `errno`. */
int rig_open(void);
/** Loads the program, pinned in a folder if there is one; 0 or an `errno`. */
int rig_load(const char *pin_path);
/** Six registered sessions that are alive, at their own addresses, each of a subject of its own; sources are checked. */
void rig_reset(void);
/** What the program counted since then. */
void rig_read_totals(uint64_t totals[QP_TOTALS]);
void rig_check_sources(bool is_source_checked);
/** The host's address of the IP version that another one has. */
struct qp_ip host_ip(const struct qp_ip *other);
/** Moves a person's session, as user space does; it talks to the host's address of the same IP version. */
void rig_move(enum person person, struct qp_source address);
/** Has a person talk to that address of the host, or nobody know to which. */
void rig_turn(enum person person, const char *local);
/** Says who pays for what comes from there, or that nobody does; who did before is told (endpoints.c). */
void rig_set_source(const struct qp_source *source, enum person person);
void rig_remove_source(const struct qp_source *source);
/** The bucket that a person draws from. */
struct qp_bucket *rig_bucket(enum person person);
/** Has a person draw from the bucket that is another's at first, as user space does. */
void rig_charge(enum person person, enum person subject);
/** Ends a person's time, long enough ago for a clock that is read once per tick. */
void rig_expire(enum person person);
uint64_t now_ns(void);

struct qp_source address_from(const char *ip, uint16_t port);
struct qp_source address_of(enum person person);
void cid_of(enum person person, uint8_t *cid);
int link_of(enum person person);
static inline bool is_ipv6(enum person person)
{
  return person >= ALICE6;
}

/** A packet with a short header from one person for another, as it comes in at the relay. */
struct packet packet_between(enum person from, enum person to);
/** That packet as it leaves for the address of a person's session. */
struct packet packet_after(const struct packet *packet, enum person to);

struct outcome {
  enum xdp_action verdict;
  struct frame frame;
  /** What the program took, and the kernel's clock around it. */
  uint32_t duration_ns;
};

/** Runs the program once for a frame that comes in. */
struct outcome run(const struct frame *frame);
/** Has the frame really go where the program sends it. */
void run_live(const struct frame *frame);

#endif
