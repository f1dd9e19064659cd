/*
 * A second host, in its own network namespace and on its own link, which reaches the rig's host at its usual addresses.
 * Datagrams of its sockets arrive as the kernel makes them.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_IPV4 "198.18.0.2"
#define GUEST_IPV6 "2001:db8:3::2"

struct guest {
  /** Index of the interface on the rig's host, and of the one on the guest. */
  unsigned interface, end;
  int home, away;
};

/** Creates the link. Undone by `guest_close`. */
void guest_open(struct guest *guest);
void guest_close(struct guest *guest);

/** Opens a UDP socket on the guest, at its address and this port. */
int guest_socket(const struct guest *guest, bool is_ipv6, uint16_t port);
/** Sets whether the guest leaves checksums to hardware, as it does initially. */
void guest_leave_checksums(const struct guest *guest, bool is_left);
/** Attaches the rig's program on the guest. Without it, the kernel delivers no frames there that a program sent. */
void guest_attach(const struct guest *guest);

#endif
