/*
 * A second host, in a network namespace of its own and on a link of its own, from which the rig's host is reached at
 * its usual addresses. What its sockets send comes in as the kernel makes it.
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

/** Makes the link; undone with `guest_close`. */
void guest_open(struct guest *guest);
void guest_close(struct guest *guest);

/** A UDP socket on the guest, at its address and this port. */
int guest_socket(const struct guest *guest, bool is_ipv6, uint16_t port);
/** Whether the guest leaves checksums to hardware, as it does at first. */
void guest_leave_checksums(const struct guest *guest, bool is_left);
/** Attaches the rig's program on the guest, without which the kernel brings no frames there that a program sent. */
void guest_attach(const struct guest *guest);

#endif
