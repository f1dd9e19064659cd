/*
 * The three verdicts of the program on a frame. The result is compared in full: the verdict, every byte that leaves,
 * every state and every total.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "rig.h"

/** Checks that the program forwards the packet to the session of `to`, and that the session of `from` pays, if any. */
struct outcome forwards(const struct packet *packet, enum person from, enum person to);
/** Checks that the program passes the frame to user space unchanged and counts nothing. */
void passes(const struct frame *frame);
void passes_packet(const struct packet *packet);
/** Checks that the program drops the frame and counts the reason. */
void drops(const struct frame *frame, enum qp_total reason, enum person limited);
void drops_packet(const struct packet *packet, enum qp_total reason);

#endif
