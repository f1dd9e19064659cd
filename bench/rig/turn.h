/* A TURN client (RFC 8656), as far as the load needs one: allocations with channels, without credentials. */
#ifndef QP_BENCH_TURN_H
#define QP_BENCH_TURN_H

#include <netinet/in.h>
#include <stdint.h>

enum {
  /* RFC 8656 section 12: the first channel number, and the bytes in front of a channel's data. */
  qp_turn_first_channel = 0x4000,
  qp_turn_channel_header = 4,
};

/* Allocates an address for the socket; 0, or what the server answered instead. Waits for the answer. */
int qp_turn_allocate(int fd, const struct sockaddr_in *server);

/* Binds a channel to a peer; 0, or what the server answered instead. Waits for the answer. */
int qp_turn_bind(int fd, const struct sockaddr_in *server, uint16_t channel, const struct sockaddr_in *peer);

/* Writes the header of a channel's data. */
void qp_turn_channel_data(uint8_t *at, uint16_t channel, uint16_t bytes);

#endif
