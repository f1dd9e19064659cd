/*
 * Replaces `sendmsg` and `sendmmsg` of the system (linked with `--wrap`), per thread: cuts each message into the
 * datagrams that the kernel would make of it, checks that the kernel would accept the message, and fails on demand. A
 * thread without its own kernel reaches the real one.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "../../../src/forwarder/native/memory/address.h"

/** One datagram that was sent. */
struct sent_datagram {
  int socket;
  struct qp_address to;
  const uint8_t *data;
  uint32_t length;
  int ecn;
  /** The requested source address; zero for none. */
  struct qp_ip local;
  /** Number of datagrams in the message that it left in. */
  unsigned segments;
};

struct kernel {
  /** Returns 0, or the `errno` with which the next message is refused. Null: all messages are accepted. */
  int (*decide)(void *context, int socket, const struct msghdr *message);
  void (*leave)(void *context, const struct sent_datagram *sent_datagram);
  void *context;
  /** The error of a message in the middle of a `sendmmsg`, which the next call reports. */
  int pending_error;
  /** Number of calls of each kind, and of refused messages. */
  unsigned sendmmsg_calls, sendmsg_calls, refusals;
};

extern _Thread_local struct kernel *kernel;

/** Reports whether the message asks for segmentation. */
bool is_segmented(const struct msghdr *message);

#endif
