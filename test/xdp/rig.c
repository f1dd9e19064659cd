#include "rig.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../src/forwarder/native/tables/session.h"
#include "../../src/xdp/native/kernel.h"
#include "../native/harness/check.h"

struct rig rig;

static const struct {
  const char *ip;
  int link;
} homes[PEOPLE] = {
  [ALICE4] = { "192.0.2.2", WEST },     [BOB4] = { "192.0.2.3", WEST },     [CAROL4] = { "198.51.100.2", EAST },
  [ALICE6] = { "2001:db8:1::2", WEST }, [BOB6] = { "2001:db8:1::3", WEST }, [CAROL6] = { "2001:db8:2::2", EAST },
};

uint64_t now_ns(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

struct qp_udp_address address_from(const char *ip, uint16_t port)
{
  struct qp_udp_address address = { .ip.bytes = { [10] = 0xff, [11] = 0xff }, .port = htons(port) };
  if (inet_pton(AF_INET, ip, address.ip.bytes + 12) != 1)
    CHECK(inet_pton(AF_INET6, ip, address.ip.bytes) == 1);
  return address;
}

struct qp_udp_address address_of(enum person person)
{
  return address_from(homes[person].ip, (uint16_t)(1000 + person));
}

void cid_of(enum person person, uint8_t *cid)
{
  memset(cid, 0x10 + (int)person, CID_BYTES);
}

int link_of(enum person person)
{
  return homes[person].link;
}

void rig_check_senders(bool is_sender_checked)
{
  CHECK(qp_kernel_start(&rig.kernel, htons(RELAY_PORT), is_sender_checked) == 0);
}

int rig_load(const char *pin_path)
{
  const struct qp_kernel_options options = {
    .max_routes = MAX_ROUTES,
    .max_sessions = PEOPLE,
    .max_buckets = PEOPLE,
    .pin_path = pin_path,
  };
  const struct qp_ip local_addresses[] = { address_from(HOST_IPV4, 0).ip, address_from(HOST_IPV6, 0).ip,
                                           address_from(OTHER_IPV4, 0).ip, address_from(OTHER_IPV6, 0).ip };
  int error = qp_kernel_open(&rig.kernel, &options);
  if (error)
    return error;
  qp_kernel_set_local_addresses(&rig.kernel, local_addresses, 4);
  qp_kernel_set_redirect_targets(&rig.kernel, &rig.host.interfaces[EAST], 1);
  return 0;
}

int rig_open(void)
{
  int error = host_enter(&rig.host);
  return error ? error : rig_load(NULL);
}

/** Returns a bucket that is half full, with a token that is no whole number of nanoseconds. */
static struct qp_bucket half_full(void)
{
  const uint64_t second = 1000000000;
  return (struct qp_bucket){
    .token_ns_q16 = (8 << 16) + 12345,
    .depth_ns = 2 * LONG_SECONDS * second,
    .full_at_ns = now_ns() + LONG_SECONDS * second,
  };
}

struct qp_ip host_ip(const struct qp_ip *other)
{
  const struct qp_ip ipv4 = address_from(HOST_IPV4, 0).ip;
  return memcmp(other, &ipv4, 12) == 0 ? ipv4 : address_from(HOST_IPV6, 0).ip;
}

static struct qp_session_state state_of(enum person person)
{
  const struct qp_udp_address address = address_of(person);
  return (struct qp_session_state){
    .bucket = person,
    .expires_at_ns = now_ns() + LONG_SECONDS * UINT64_C(1000000000),
    /* A new version each time, so that nothing cached for the previous state is valid. */
    .version = rig.kernel.states[person].version / 2 * 2 + 2,
    .address = address,
    .local = host_ip(&address.ip),
  };
}

void rig_move(enum person person, struct qp_udp_address address)
{
  const struct qp_ip local = host_ip(&address.ip);
  qp_state_move(&rig.kernel.states[person], address, &local);
}

void rig_turn(enum person person, const char *local)
{
  const struct qp_ip ip = local ? address_from(local, 0).ip : (struct qp_ip){ 0 };
  qp_state_move(&rig.kernel.states[person], address_of(person), &ip);
}

static void touch_all(void)
{
  for (enum person person = 0; person < PEOPLE; person++)
    qp_state_touch(&rig.kernel.states[person]);
}

void rig_set_sender(const struct qp_udp_address *source, enum person person)
{
  qp_kernel_set_sender(&rig.kernel, source, person);
  touch_all();
}

void rig_remove_sender(const struct qp_udp_address *source)
{
  qp_kernel_remove_sender(&rig.kernel, source);
  touch_all();
}

struct qp_bucket *rig_bucket(enum person person)
{
  return &rig.kernel.by_subject[rig.kernel.states[person].bucket];
}

void rig_charge(enum person person, enum person subject)
{
  rig.kernel.states[person].bucket = subject;
  qp_state_touch(&rig.kernel.states[person]);
}

void rig_expire(enum person person)
{
  rig.kernel.states[person].expires_at_ns = 1;
}

uint64_t rig_total(enum qp_total total)
{
  uint64_t sum = 0;
  for (uint32_t i = 0; i < rig.kernel.processor_count; i++)
    sum += rig.kernel.by_processor[i].totals[total];
  return sum;
}

void rig_read_totals(uint64_t totals[QP_TOTALS])
{
  for (enum qp_total total = 0; total < QP_TOTALS; total++)
    totals[total] = rig_total(total);
}

void rig_reset(void)
{
  uint8_t cid[CID_BYTES];
  for (enum person person = 0; person < PEOPLE; person++) {
    rig.kernel.states[person] = state_of(person);
    rig.kernel.by_subject[person] = half_full();
    cid_of(person, cid);
    qp_kernel_set_routes(&rig.kernel, cid, 1, person);
    qp_kernel_set_sender(&rig.kernel, &rig.kernel.states[person].address, person);
  }
  memset(rig.kernel.by_processor, 0, rig.kernel.processor_count * sizeof *rig.kernel.by_processor);
  rig_check_senders(true);
}

/** Returns a short header to a person's connection ID, followed by arbitrary bytes. */
static const uint8_t *payload_for(enum person to)
{
  static uint8_t payloads[PEOPLE][PAYLOAD_BYTES];
  uint8_t *payload = payloads[to];
  for (uint32_t i = 0; i < PAYLOAD_BYTES; i++)
    payload[i] = (uint8_t)(i * 7);
  payload[0] = 0x40;
  cid_of(to, payload + 1);
  return payload;
}

struct packet packet_between(enum person from, enum person to)
{
  return (struct packet){
    .is_ipv6 = is_ipv6(from),
    .to_mac = { 0x02, 0, 0, 0, 1, 0 },
    .from_mac = { 0x02, 0, 0, 0, 0, (uint8_t)from },
    .tos = 0xb9,
    .ttl = 64,
    .id = 0x1234,
    .fragment = DONT_FRAGMENT,
    .flow_label = 0xabcde,
    .from = address_of(from),
    .to = address_from(is_ipv6(from) ? HOST_IPV6 : HOST_IPV4, RELAY_PORT),
    .payload = payload_for(to),
    .payload_bytes = PAYLOAD_BYTES,
  };
}

struct packet packet_after(const struct packet *packet, enum person to)
{
  struct packet after = *packet;
  const uint8_t to_mac[6] = { 0x02, 0, 0, 0, 0, (uint8_t)to };
  const uint8_t from_mac[6] = { 0x02, 0, 0, 0, (uint8_t)(1 + link_of(to)), 0 };
  memcpy(after.to_mac, to_mac, sizeof to_mac);
  memcpy(after.from_mac, from_mac, sizeof from_mac);
  after.ttl--;
  after.from = (struct qp_udp_address){ .ip = rig.kernel.states[to].local, .port = packet->to.port };
  after.to = rig.kernel.states[to].address;
  return after;
}

/** Returns the attributes to run the program once on a frame, and fills in `context`, its metadata. */
static union bpf_attr attributes_for(const struct frame *frame, struct xdp_md *context)
{
  union bpf_attr attributes;
  *context = (struct xdp_md){ .data_end = frame->length, .ingress_ifindex = rig.host.interfaces[rig.ingress] };
  memset(&attributes, 0, sizeof attributes);
  attributes.test.prog_fd = (uint32_t)rig.kernel.program;
  attributes.test.repeat = 1;
  attributes.test.data_in = (uintptr_t)frame->bytes;
  attributes.test.data_size_in = frame->length;
  attributes.test.ctx_in = (uintptr_t)context;
  attributes.test.ctx_size_in = sizeof *context;
  return attributes;
}

struct outcome run(const struct frame *frame)
{
  struct outcome outcome;
  struct xdp_md context;
  union bpf_attr attributes = attributes_for(frame, &context);
  attributes.test.data_out = (uintptr_t)outcome.frame.bytes;
  attributes.test.data_size_out = sizeof outcome.frame.bytes;
  CHECK(syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes) == 0);
  outcome.verdict = attributes.test.retval;
  outcome.frame.length = attributes.test.data_size_out;
  outcome.duration_ns = attributes.test.duration;
  return outcome;
}

void run_live(const struct frame *frame)
{
  struct xdp_md context;
  union bpf_attr attributes = attributes_for(frame, &context);
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  CHECK(syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes) == 0);
}
