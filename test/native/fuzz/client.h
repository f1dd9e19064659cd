/* What is known of a gateway client, in plain words: whether it may come, and whether it has answered the gateway. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
  bool is_known;
  int64_t seen_at_ms;
  /** Grows with each client that comes. */
  unsigned arrival;
  bool is_moving, has_answered;
  /** The gateway's connection ID, which points into no datagram, and its length; −1: none yet. */
  int id_bytes;
  uint8_t id[20];
  uint64_t bytes_in, bytes_out;
};

/** Whether a datagram may bring a new client. */
bool may_bring_client(const uint8_t *data, size_t length);
/** The client that a datagram brings. */
struct client client_of(const uint8_t *data, unsigned arrival);
void client_sends(struct client *client, const uint8_t *data, size_t length);
void client_is_answered(struct client *client, const uint8_t *data, size_t length);

#endif
