/*
 * A plain model of a gateway client: whether it may arrive, whether it has answered the gateway, and the connection IDs
 * under which it sends.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
  bool is_known;
  /** When it last sent something after it had been sent something. */
  int64_t alive_at_ms;
  bool is_answered;
  /** Increases with each client that arrives. */
  unsigned arrival;
  bool is_moving, has_answered;
  /** Length of the gateway's connection ID, or −1 for none yet, and a copy of the ID. */
  int id_bytes;
  uint8_t id[20];
  uint64_t bytes_in, bytes_out;
  /** The arrival number of the client that began its connection. */
  unsigned connection;
  /** Whether it arrived with a known connection, and whether the connection is now at its address. */
  bool is_moved, is_newest;
  /** The first 8 bytes of the connection IDs that it has used, newest last. */
  int uses;
  uint8_t used[4][8];
};

/** Reports whether a datagram may bring a new client. */
bool may_bring_client(const uint8_t *data, size_t length);
/** Reports whether a datagram begins a connection. */
bool begins_connection(const uint8_t *data, size_t length);
/** Returns the index of a short header's connection ID among those that a client has used, or −1. */
int client_use(const struct client *client, const uint8_t *data, size_t length);
/** Records the connection ID of a short header, which no other connection uses, as used by the client. */
void client_notes(struct client *client, const uint8_t *data, size_t length);
/** Returns the client that a datagram brings. */
struct client client_of(const uint8_t *data, unsigned arrival);
void client_sends(struct client *client, const uint8_t *data, size_t length);
void client_is_answered(struct client *client, const uint8_t *data, size_t length);

#endif
