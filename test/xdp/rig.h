/* The program in the kernel, with a session for each of six peers on the links of the host. */
#ifndef RIG_H
#define RIG_H

#include <linux/bpf.h>

#include "../../src/xdp/native/maps.h"
#include "machine/host.h"
#include "packet.h"

/** A peer. Its number is that of its session and the last byte of its MAC. */
enum person { ALICE4, BOB4, CAROL4, ALICE6, BOB6, CAROL6, PEOPLE, NOBODY = PEOPLE };

enum {
  RELAY_PORT = 4433,
  CID_BYTES = 12,
  PAYLOAD_BYTES = 100,
  MAX_ROUTES = 1 << 17,
  /** Buckets span so much time that no pause of this process matters. */
  LONG_SECONDS = 1000,
};

struct rig {
  struct host host;
  struct qp_kernel kernel;
  /** The link on which frames arrive: WEST unless a test sets it. */
  int ingress;
  /** The current case, printed if it fails. */
  const char *at;
};

extern struct rig rig;

/** Enters the host and loads the program. Returns 0 or an `errno`. */
int rig_open(void);
/** Loads the program, pinned in a folder if `pin_path` is not null. Returns 0 or an `errno`. */
int rig_load(const char *pin_path);
/** Sets up six registered, live sessions at their own addresses, each of its own subject. Sources are checked. */
void rig_reset(void);
/** Returns a total of the program over all processors. */
uint64_t rig_total(enum qp_total total);
/** Reads the program's counts since `rig_reset`. */
void rig_read_totals(uint64_t totals[QP_TOTALS]);
void rig_check_senders(bool is_sender_checked);
/** Returns the host's address of the same IP version as `other`. */
struct qp_ip host_ip(const struct qp_ip *other);
/** Moves a person's session, as user space does. Its local address is the host's of the same IP version. */
void rig_move(enum person person, struct qp_udp_address address);
/** Sets the address of the host that a person talks to; null for unknown. */
void rig_turn(enum person person, const char *local);
/** Sets the session that pays for packets from `source`, or none. Invalidates cached payers, as endpoints.c does. */
void rig_set_sender(const struct qp_udp_address *source, enum person person);
void rig_remove_sender(const struct qp_udp_address *source);
/** Returns the bucket that a person draws from. */
struct qp_bucket *rig_bucket(enum person person);
/** Makes a person draw from the initial bucket of another, as user space does. */
void rig_charge(enum person person, enum person subject);
/** Expires a person's session, long enough ago for a clock that is read once per tick. */
void rig_expire(enum person person);
uint64_t now_ns(void);

struct qp_udp_address address_from(const char *ip, uint16_t port);
struct qp_udp_address address_of(enum person person);
void cid_of(enum person person, uint8_t *cid);
int link_of(enum person person);
static inline bool is_ipv6(enum person person)
{
  return person >= ALICE6;
}

/** Returns a packet with a short header from one person to another, as it arrives at the relay. */
struct packet packet_between(enum person from, enum person to);
/** Returns that packet as it leaves for the address of a person's session. */
struct packet packet_after(const struct packet *packet, enum person to);

struct outcome {
  enum xdp_action verdict;
  struct frame frame;
  /** Run time of the program, including the kernel's clock around it. */
  uint32_t duration_ns;
};

/** Runs the program once on a frame that arrives. */
struct outcome run(const struct frame *frame);
/** Runs the program and lets the frame go where the program sends it. */
void run_live(const struct frame *frame);

#endif
