/* A TURN client (RFC 8656) with what the load needs: allocations with channels, without credentials. */
#ifndef QP_BENCH_TURN_H
#define QP_BENCH_TURN_H

#include <netinet/in.h>
#include <stdint.h>

enum {
  /* RFC 8656 section 12: the first channel number, and the size of the ChannelData header. */
  qp_turn_first_channel = 0x4000,
  qp_turn_channel_header = 4,
};

/* Allocates a relayed address for the socket. Returns 0, the type of another response, or -1 without one. Blocks. */
int qp_turn_allocate(int fd, const struct sockaddr_in *server);

/* Binds a channel to a peer. Returns 0, the type of another response, or -1 without one. Blocks. */
int qp_turn_bind(int fd, const struct sockaddr_in *server, uint16_t channel, const struct sockaddr_in *peer);

/* Writes the header of a ChannelData message. */
void qp_turn_channel_data(uint8_t *at, uint16_t channel, uint16_t bytes);

#endif
