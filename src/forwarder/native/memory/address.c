#include "address.h"

#include <netdb.h>
#include <stdio.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool qp_is_ipv4(const struct qp_address *address)
{
  return memcmp(address->ip, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool qp_is_unspecified(const struct qp_address *address)
{
  struct in6_addr ip;
  memcpy(&ip, address->ip, sizeof ip);
  return IN6_IS_ADDR_UNSPECIFIED(&ip) || (qp_is_ipv4(address) && ip.s6_addr32[3] == htonl(INADDR_ANY));
}

void qp_source_key(const struct qp_address *source, uint64_t key[2])
{
  key[0] = source->ip[0];
  key[1] = qp_is_ipv4(source) ? source->ip[1] : 0;
}

void qp_network_key(const uint64_t source[2], uint64_t key[2])
{
  uint8_t bytes[16];
  memcpy(bytes, source, sizeof bytes);
  bool is_ipv4 = memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0;
  size_t kept = is_ipv4 ? sizeof mapped_prefix + 3 : 6;
  memset(bytes + kept, 0, sizeof bytes - kept);
  memcpy(key, bytes, sizeof bytes);
}

struct qp_address qp_address_of_name(const struct sockaddr *name)
{
  struct qp_address address = { 0 };
  if (name->sa_family == AF_INET) {
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)name;
    memcpy(address.ip, mapped_prefix, sizeof mapped_prefix);
    memcpy((uint8_t *)address.ip + sizeof mapped_prefix, &ipv4->sin_addr, sizeof ipv4->sin_addr);
    address.port = ipv4->sin_port;
  } else {
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)name;
    memcpy(address.ip, &ipv6->sin6_addr, sizeof address.ip);
    address.scope = ipv6->sin6_scope_id;
    address.port = ipv6->sin6_port;
  }
  return address;
}

struct qp_name qp_name_of_address(const struct qp_address *address, int family)
{
  struct qp_name name = { 0 };
  if (family == AF_INET && qp_is_ipv4(address)) {
    name.ipv4.sin_family = AF_INET;
    name.ipv4.sin_port = address->port;
    memcpy(&name.ipv4.sin_addr, (const uint8_t *)address->ip + sizeof mapped_prefix, 4);
    name.length = sizeof name.ipv4;
    return name;
  }
  name.ipv6.sin6_family = AF_INET6;
  name.ipv6.sin6_port = address->port;
  name.ipv6.sin6_scope_id = address->scope;
  memcpy(&name.ipv6.sin6_addr, address->ip, sizeof address->ip);
  name.length = sizeof name.ipv6;
  return name;
}

bool qp_parse_address(const char *ip, uint16_t port, struct qp_address *address)
{
  const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
  struct addrinfo *found;
  if (getaddrinfo(ip, NULL, &hints, &found) != 0)
    return false;
  *address = qp_address_of_name(found->ai_addr);
  address->port = htons(port);
  freeaddrinfo(found);
  return true;
}

void qp_format_ip(const struct qp_address *address, char text[QP_IP_TEXT_BYTES])
{
  struct qp_name name = qp_name_of_address(address, AF_INET);
  if (getnameinfo(&name.any, name.length, text, QP_IP_TEXT_BYTES, NULL, 0, NI_NUMERICHOST) != 0)
    text[0] = '\0';
}

void qp_format_local(const struct qp_ip *local, char text[QP_IP_TEXT_BYTES])
{
  struct qp_address address = { 0 };
  memcpy(address.ip, local, sizeof address.ip);
  qp_format_ip(&address, text);
}
