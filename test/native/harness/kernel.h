/*
 * Takes the place of the system's `sendmsg` and `sendmmsg` (linked with `--wrap`), for each thread on its own: cuts
 * what it is given into the datagrams that the kernel would make of it, checks that each message is one the kernel
 * takes, and fails where it is told to. A thread without a kernel of its own reaches the real one.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "../../../src/forwarder/native/memory/address.h"

/** One datagram as it leaves. */
struct departure {
  int socket;
  struct qp_address to;
  const uint8_t *data;
  uint32_t length;
  int ecn;
  /** The address to send from; zero where none is asked for. */
  struct qp_ip local;
  /** Of the message that it left in. */
  unsigned segments;
};

struct kernel {
  /** 0, or the `errno` with which the next message is refused. Null: all are taken. */
  int (*decide)(void *context, int socket, const struct msghdr *message);
  void (*leave)(void *context, const struct departure *departure);
  void *context;
  /** The error of a message in the middle of a `sendmmsg`, which the next call on the socket reports. */
  int pending_error;
  /** Calls of each kind, and messages refused. */
  unsigned sendmmsg_calls, sendmsg_calls, refusals;
};

extern _Thread_local struct kernel *kernel;

/** Whether the message asks to be cut up. */
bool is_segmented(const struct msghdr *message);

#endif
