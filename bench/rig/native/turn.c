/* Requests and responses, one at a time, on blocking sockets with a receive timeout. See turn.h. */
#include "turn.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

enum {
  allocate_request = 0x0003,
  channel_bind_request = 0x0009,
  success_class = 0x0100,
  attribute_channel_number = 0x000c,
  attribute_xor_peer_address = 0x0012,
  attribute_requested_transport = 0x0019,
  transport_udp = 17,
  family_ipv4 = 1,
  header_bytes = 20,
  transaction_at = 8,
  transaction_bytes = 12,
  attempts = 5,
  no_answer = -1,
};

static const uint32_t magic_cookie = 0x2112a442;

struct request {
  uint8_t bytes[64];
  uint16_t length;
};

static void put16(uint8_t *at, uint16_t value)
{
  value = htons(value);
  memcpy(at, &value, sizeof value);
}

static void put32(uint8_t *at, uint32_t value)
{
  value = htonl(value);
  memcpy(at, &value, sizeof value);
}

static void begin(struct request *request, uint16_t type)
{
  static uint32_t transactions;
  memset(request, 0, sizeof *request);
  put16(request->bytes, type);
  put32(request->bytes + 4, magic_cookie);
  put32(request->bytes + transaction_at, ++transactions);
  request->length = header_bytes;
}

/* Appends an attribute and returns the position of its value. All values here are multiples of 4 bytes long. */
static uint8_t *append(struct request *request, uint16_t type, uint16_t bytes)
{
  uint8_t *at = request->bytes + request->length;
  put16(at, type);
  put16(at + 2, bytes);
  request->length += 4 + bytes;
  put16(request->bytes + 2, request->length - header_bytes);
  return at + 4;
}

static int ask(int fd, const struct sockaddr_in *server, const struct request *request)
{
  uint8_t answer[1500];
  for (int attempt = 0; attempt < attempts; attempt++) {
    sendto(fd, request->bytes, request->length, 0, (const struct sockaddr *)server, sizeof *server);
    ssize_t length = recv(fd, answer, sizeof answer, 0);
    if (length < header_bytes)
      continue;
    if (memcmp(answer + transaction_at, request->bytes + transaction_at, transaction_bytes) != 0)
      continue;
    uint16_t type = (uint16_t)(answer[0] << 8 | answer[1]);
    return type == ((request->bytes[0] << 8 | request->bytes[1]) | success_class) ? 0 : type;
  }
  return no_answer;
}

int qp_turn_allocate(int fd, const struct sockaddr_in *server)
{
  struct request request;
  begin(&request, allocate_request);
  append(&request, attribute_requested_transport, 4)[0] = transport_udp;
  return ask(fd, server, &request);
}

int qp_turn_bind(int fd, const struct sockaddr_in *server, uint16_t channel, const struct sockaddr_in *peer)
{
  struct request request;
  begin(&request, channel_bind_request);
  put16(append(&request, attribute_channel_number, 4), channel);
  /* RFC 8489 section 14.2: port and address are XORed with the magic cookie. */
  uint8_t *address = append(&request, attribute_xor_peer_address, 8);
  address[1] = family_ipv4;
  put16(address + 2, ntohs(peer->sin_port) ^ (uint16_t)(magic_cookie >> 16));
  put32(address + 4, ntohl(peer->sin_addr.s_addr) ^ magic_cookie);
  return ask(fd, server, &request);
}

void qp_turn_channel_data(uint8_t *at, uint16_t channel, uint16_t bytes)
{
  put16(at, channel);
  put16(at + 2, bytes);
}
