/*
 * The frames of the XDP rows: a packet of the benchmark as it reaches the relay, and as it must leave it. Peers come in
 * pairs: a packet to the session at one port of the client comes from the port of its partner.
 */
#ifndef QP_BENCH_FRAME_H
#define QP_BENCH_FRAME_H

#include "../../../test/xdp/packet.h"

/* One end of the cable. */
struct qp_end {
  struct qp_ip ip;
  uint8_t mac[6];
};

struct qp_cable {
  struct qp_end relay, client;
};

/* Parses both ends of a cable, such as `198.18.2.1/02:00:00:00:00:05`. Exits if one does not parse. */
struct qp_cable qp_cable_parse(const char *relay, const char *client);

/* The UDP address of the session that a connection ID belongs to, and that of its partner. */
struct qp_udp_address qp_session_of(const struct qp_cable *cable, const uint8_t *cid);
struct qp_udp_address qp_partner_of(const struct qp_cable *cable, const uint8_t *cid);

/* The frame with this connection ID as it arrives, and as it leaves a relay or a reflector. */
struct frame qp_frame_in(const struct qp_cable *cable, const uint8_t *cid);
struct frame qp_frame_relayed(const struct qp_cable *cable, const uint8_t *cid);
struct frame qp_frame_reflected(const struct qp_cable *cable, const uint8_t *cid);

/*
 * Reports whether the checksum of a frame happens to equal the sum of the pseudo-header alone, as 1 in 65 535 does. The
 * relay leaves such a frame to user space: it cannot tell it from one whose checksum hardware has yet to complete.
 */
bool qp_looks_unfinished(const struct frame *frame);

#endif
