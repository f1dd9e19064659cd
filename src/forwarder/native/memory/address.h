/*
 * UDP transport addresses as values. IPv4 addresses are in IPv4-mapped form (RFC 4291 section 2.5.5.2), so that equal
 * addresses are equal bytes for any socket family.
 */
#ifndef QP_ADDRESS_H
#define QP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "../../../../bpf/abi.h"
#include "siphash.h"

struct qp_address {
  uint64_t ip[2];
  uint32_t scope;
  /** In network order. */
  uint16_t port;
  uint16_t zero;
};

/** A path between a peer and an address of this host. If `local` is all zero, the system chooses the local address. */
struct qp_path {
  struct qp_address peer;
  struct qp_ip local;
};

/** A socket address, as the system takes it. */
struct qp_name {
  union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
  };
  socklen_t length;
};

/** Room for an IPv6 literal with a zone. */
enum { QP_IP_TEXT_BYTES = INET6_ADDRSTRLEN + 1 + 16 };

static inline bool qp_same_address(const struct qp_address *a, const struct qp_address *b)
{
  return memcmp(a, b, sizeof *a) == 0;
}

static inline bool qp_same_local(const struct qp_ip *a, const struct qp_ip *b)
{
  return memcmp(a, b, sizeof *a) == 0;
}

/** Whether the address is set, which means not all zero. */
static inline bool qp_is_local_known(const struct qp_ip *local)
{
  return (local->words[0] | local->words[1] | local->words[2] | local->words[3]) != 0;
}

/** Returns an IPv4 address in IPv4-mapped form. */
static inline struct qp_ip qp_mapped_ip(uint32_t ipv4)
{
  return (struct qp_ip){ .words = { 0, 0, htonl(0xffff), ipv4 } };
}

bool qp_is_ipv4(const struct qp_address *address);
/** Reports whether the address is unspecified (`0.0.0.0` or `::`). */
bool qp_is_unspecified(const struct qp_address *address);
/** Writes the key of a source: an IPv4 address in mapped form, or the /64 of an IPv6 address (RFC 6177 section 2). */
void qp_source_key(const struct qp_address *source, uint64_t key[2]);
/** Writes the key of the network of a source given by `qp_source_key`: an IPv4 /24 or an IPv6 /48. */
void qp_network_key(const uint64_t source[2], uint64_t key[2]);
struct qp_address qp_address_of_name(const struct sockaddr *name);
/**
 * Returns the address in the form of a socket of `family`. An IPv6 address stays IPv6, and an IPv4 socket refuses it.
 */
struct qp_name qp_name_of_address(const struct qp_address *address, int family);

/** Parses an IP literal, with an optional zone; false for anything else. */
bool qp_parse_address(const char *ip, uint16_t port, struct qp_address *address);
/** Formats the IP literal; IPv4 in plain form. */
void qp_format_ip(const struct qp_address *address, char text[QP_IP_TEXT_BYTES]);
void qp_format_local(const struct qp_ip *local, char text[QP_IP_TEXT_BYTES]);

#endif
