#include "owners.h"

void write_cid(uint8_t cid[QP_CID_BYTES], unsigned owner, unsigned number)
{
  memset(cid, 0x5a, QP_CID_BYTES);
  cid[0] = (uint8_t)owner;
  cid[QP_CID_BYTES - 1] = (uint8_t)number;
}

void write_initial(uint8_t dcid[INITIAL_BYTES], unsigned owner)
{
  memset(dcid, 0xa5, INITIAL_BYTES);
  dcid[0] = (uint8_t)owner;
}

void write_datagram(uint8_t data[DATAGRAM_BYTES], struct label label)
{
  memset(data, 0, DATAGRAM_BYTES);
  if (!label.is_initial) {
    data[0] = 0x40;
    return write_cid(data + QP_SHORT_DCID_AT, label.owner, label.number);
  }
  data[0] = 0xc0;
  data[QP_LONG_DCID_AT - 1] = INITIAL_BYTES;
  write_initial(data + QP_LONG_DCID_AT, label.owner);
}

struct label label_of(const uint8_t *data)
{
  if (data[0] == 0xc0)
    return (struct label){ .owner = data[QP_LONG_DCID_AT], .is_initial = true };
  return (struct label){ .owner = data[1], .number = data[QP_CID_BYTES] };
}

struct qp_address owner_address(unsigned owner, unsigned number)
{
  return address_of(owner * 16 + number);
}

unsigned owner_of(const struct qp_address *address)
{
  return (ntohs(address->port) - 1000u) / 16;
}

struct qp_ip host_address(unsigned number)
{
  struct qp_ip ip;
  memset(&ip, (int)number + 1, sizeof ip);
  return ip;
}

bool is_of_host(const struct qp_ip *local)
{
  struct qp_ip whole;
  memset(&whole, local->bytes[15], sizeof whole);
  /* A datagram that leaves by IPv4 asks for its source address by the last word. */
  struct qp_ip mapped = qp_mapped_ip(whole.words[3]);
  return local->bytes[15] <= HOST_ADDRESSES && (qp_same_local(local, &whole) || qp_same_local(local, &mapped));
}
