/*
 * What is known of a gateway client, in plain words: whether it may come, whether it has answered the gateway, and under which
 * connection IDs it sends.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
  bool is_known;
  /** When it sent something after it had last been sent something. */
  int64_t alive_at_ms;
  bool is_answered;
  /** Grows with each client that comes. */
  unsigned arrival;
  bool is_moving, has_answered;
  /** The gateway's connection ID, which points into no datagram, and its length; −1: none yet. */
  int id_bytes;
  uint8_t id[20];
  uint64_t bytes_in, bytes_out;
  /** The arrival of the client that began its connection. */
  unsigned connection;
  /** Whether it came with a connection that was known, and whether that is here now. */
  bool is_moved, is_newest;
  /** The beginnings of the connection IDs that it has used, newest last. */
  int uses;
  uint8_t used[4][8];
};

/** Whether a datagram may bring a new client. */
bool may_bring_client(const uint8_t *data, size_t length);
/** Whether a datagram begins a connection. */
bool begins_connection(const uint8_t *data, size_t length);
/** Where the beginning of a short header's connection ID stands among those that a client has used, or −1. */
int client_use(const struct client *client, const uint8_t *data, size_t length);
/** The client uses the connection ID of a short header, which no other connection uses. */
void client_notes(struct client *client, const uint8_t *data, size_t length);
/** The client that a datagram brings. */
struct client client_of(const uint8_t *data, unsigned arrival);
void client_sends(struct client *client, const uint8_t *data, size_t length);
void client_is_answered(struct client *client, const uint8_t *data, size_t length);

#endif
