/*
 * A host in a network namespace of its own, with two interfaces. Everything on it is there for good: addresses,
 * neighbours that never have to be asked for, and no routes but those to the two links.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

/** The links: WEST is where all frames come in. EAST has an MTU of 1400 bytes. */
enum { WEST, EAST, LINKS };

/** The host's own addresses in the west. */
#define HOST_IPV4 "192.0.2.1"
#define HOST_IPV6 "2001:db8:1::1"
#define OTHER_IPV4 "198.51.100.1"
#define OTHER_IPV6 "2001:db8:2::1"

struct host {
  /** Index of the interface on each link, and of the interface at the link's far end. */
  unsigned interfaces[LINKS], ends[LINKS];
};

/** Moves this process into the namespace, which ends with it; 0, or the `errno` of a process that may not. */
int host_enter(struct host *host);
/** Allows or forbids to forward what comes in at an interface. */
void host_set_forwarding(const char *interface, bool is_ipv6, bool is_on);
/** Runs `ip -batch` with these lines, in the namespace of this thread. */
void host_configure(const char *lines);

#endif
