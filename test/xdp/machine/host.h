/*
 * A host in its own network namespace, with two interfaces. All its settings are permanent: addresses, neighbours that
 * need no resolution, and no routes but those to the two links.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

/** The links. All frames arrive on WEST; EAST has an MTU of 1400 bytes. */
enum { WEST, EAST, LINKS };

/** The host's own addresses on WEST, and below on EAST. */
#define HOST_IPV4 "192.0.2.1"
#define HOST_IPV6 "2001:db8:1::1"
#define OTHER_IPV4 "198.51.100.1"
#define OTHER_IPV6 "2001:db8:2::1"

struct host {
  /** Index of the interface on each link, and of the interface at the link's far end. */
  unsigned interfaces[LINKS], ends[LINKS];
};

/**
 * Moves this process into the namespace, which ends with it. Returns 0, or the `errno` if the process lacks the
 * privilege.
 */
int host_enter(struct host *host);
/** Allows or forbids forwarding of packets that arrive on an interface. */
void host_set_forwarding(const char *interface, bool is_ipv6, bool is_on);
/** Runs `ip -batch` with these lines in the namespace of this thread. */
void host_configure(const char *lines);

#endif
