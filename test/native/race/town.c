#include "town.h"

void write_cid(uint8_t cid[QP_CID_BYTES], unsigned house, unsigned number)
{
  memset(cid, 0x5a, QP_CID_BYTES);
  cid[0] = (uint8_t)house;
  cid[QP_CID_BYTES - 1] = (uint8_t)number;
}

void write_initial(uint8_t dcid[INITIAL_BYTES], unsigned house)
{
  memset(dcid, 0xa5, INITIAL_BYTES);
  dcid[0] = (uint8_t)house;
}

void write_datagram(uint8_t data[DATAGRAM_BYTES], struct label label)
{
  memset(data, 0, DATAGRAM_BYTES);
  if (!label.is_initial) {
    data[0] = 0x40;
    return write_cid(data + QP_SHORT_DCID_AT, label.house, label.number);
  }
  data[0] = 0xc0;
  data[QP_LONG_DCID_AT - 1] = INITIAL_BYTES;
  write_initial(data + QP_LONG_DCID_AT, label.house);
}

struct label label_of(const uint8_t *data)
{
  if (data[0] == 0xc0)
    return (struct label){ .house = data[QP_LONG_DCID_AT], .is_initial = true };
  return (struct label){ .house = data[1], .number = data[QP_CID_BYTES] };
}

struct qp_address house_address(unsigned house, unsigned number)
{
  return address_of(house * 16 + number);
}

unsigned house_of(const struct qp_address *address)
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
