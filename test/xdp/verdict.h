/*
 * The three things that the program can do with a frame. What it did is compared in full: the verdict, every byte that
 * leaves, every account and every total.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "rig.h"

/** It forwards the packet to the session of `to`, and the session of `from` pays, or nobody. */
struct outcome forwards(const struct packet *packet, enum person from, enum person to);
/** It leaves the frame to user space as it is, and counts nothing. */
void passes(const struct frame *frame);
void passes_packet(const struct packet *packet);
/** It drops the frame, and counts the reason. */
void drops(const struct frame *frame, enum qp_total reason, enum person limited);
void drops_packet(const struct packet *packet, enum qp_total reason);

#endif
