/* See frame.h. */
#include "frame.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "refill.h"

enum { hop_limit = 64 };

static struct qp_end parse_end(const char *text)
{
  struct qp_end end = { .ip.bytes = { [10] = 0xff, [11] = 0xff } };
  char ip[16];
  uint8_t *mac = end.mac;
  int read =
    sscanf(text, "%15[0-9.]/%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", ip, mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5);
  if (read == 7 && inet_pton(AF_INET, ip, end.ip.bytes + 12) == 1)
    return end;
  fprintf(stderr, "%s is no IPv4 address and MAC\n", text);
  exit(2);
}

struct qp_cable qp_cable_parse(const char *relay, const char *client)
{
  return (struct qp_cable){ .relay = parse_end(relay), .client = parse_end(client) };
}

struct qp_udp_address qp_session_of(const struct qp_cable *cable, const uint8_t *cid)
{
  struct qp_udp_address session = { .ip = cable->client.ip };
  memcpy(&session.port, cid + qp_port_at - qp_cid_at, sizeof session.port);
  return session;
}

struct qp_udp_address qp_partner_of(const struct qp_cable *cable, const uint8_t *cid)
{
  struct qp_udp_address partner = qp_session_of(cable, cid);
  partner.port ^= htons(1);
  return partner;
}

/* Builds a packet from the client to the relay. frame_back swaps the ends for the other direction. */
static struct packet packet_with(const struct qp_cable *cable, const uint8_t *cid)
{
  static uint8_t payload[qp_packet_bytes];
  qp_packet_address(payload, cid);
  qp_packet_seal(payload, 0);
  struct packet packet = {
    .ttl = hop_limit,
    .fragment = DONT_FRAGMENT,
    .from = qp_partner_of(cable, cid),
    .to = { .ip = cable->relay.ip, .port = htons(QP_RELAY_PORT) },
    .payload = payload,
    .payload_bytes = qp_packet_bytes,
  };
  memcpy(packet.from_mac, cable->client.mac, sizeof packet.from_mac);
  memcpy(packet.to_mac, cable->relay.mac, sizeof packet.to_mac);
  return packet;
}

static struct frame frame_back(const struct qp_cable *cable, struct packet packet, struct qp_udp_address to)
{
  packet.from = packet.to;
  packet.to = to;
  memcpy(packet.from_mac, cable->relay.mac, sizeof packet.from_mac);
  memcpy(packet.to_mac, cable->client.mac, sizeof packet.to_mac);
  return frame_of(&packet);
}

struct frame qp_frame_in(const struct qp_cable *cable, const uint8_t *cid)
{
  struct packet packet = packet_with(cable, cid);
  return frame_of(&packet);
}

struct frame qp_frame_relayed(const struct qp_cable *cable, const uint8_t *cid)
{
  struct packet packet = packet_with(cable, cid);
  packet.ttl--;
  return frame_back(cable, packet, qp_session_of(cable, cid));
}

struct frame qp_frame_reflected(const struct qp_cable *cable, const uint8_t *cid)
{
  return frame_back(cable, packet_with(cable, cid), qp_partner_of(cable, cid));
}

bool qp_looks_unfinished(const struct frame *frame)
{
  uint16_t complement =
    checksum_of(frame->bytes + QP_IPS_AT, 2 * sizeof(struct in_addr), IPPROTO_UDP + qp_packet_bytes + UDP_BYTES);
  return word_at(frame->bytes + QP_CHECKSUM_AT) == 0xffffu - complement;
}
