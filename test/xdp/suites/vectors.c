#include "../suites.h"
#include "../vector.h"
#include "../verdict.h"

static void hold_over(enum person from, enum person to)
{
  rig_reset();
  qp_kernel_set_routes(&rig.kernel, vector_cids, vector_cid_count, to);
  for (size_t i = 0; i < vector_count; i++) {
    struct packet packet = packet_between(from, to);
    rig.at = vectors[i].name;
    packet.payload = vectors[i].payload;
    packet.payload_bytes = vectors[i].payload_bytes;
    if (vectors[i].is_forwarded)
      forwards(&packet, from, to);
    else
      passes_packet(&packet);
  }
}

static void holds_over_ipv4(void)
{
  hold_over(ALICE4, BOB4);
  hold_over(ALICE4, CAROL4);
}

static void holds_over_ipv6(void)
{
  hold_over(ALICE6, BOB6);
  hold_over(ALICE6, CAROL6);
}

static const struct test tests[] = {
  { "forwards over IPv4 those that are for a registered connection ID, and no others", holds_over_ipv4 },
  { "does the same over IPv6", holds_over_ipv6 },
};

const struct suite vectors_suite = SUITE("vectors", tests);
