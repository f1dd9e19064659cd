/*
 * Prints as JSON every enumerator of bpf/abi.h, and the bytes of every struct with known values in its fields: 64-bit
 * words as decimal strings, bytes as hexadecimal digits.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

#include "../../../bpf/abi.h"

static void print_bytes(const char *name, const void *from, size_t count)
{
  printf("\"%s\": \"", name);
  for (size_t i = 0; i < count; i++)
    printf("%02x", ((const uint8_t *)from)[i]);
  printf("\"");
}

static void print_word(const char *name, uint64_t word)
{
  printf("\"%s\": \"%llu\"", name, (unsigned long long)word);
}

static void next(void)
{
  printf(", ");
}

/** Ends a struct whose fields have been printed. */
static void print_struct(const void *from, size_t count, const char *after)
{
  printf("}, ");
  print_bytes("bytes", from, count);
  printf("}%s\n", after);
}

static const struct {
  const char *name;
  int value;
} enumerators[] = {
  { "QP_ABI_VERSION", QP_ABI_VERSION },
  { "QP_PACKETS_FROM", QP_PACKETS_FROM },
  { "QP_BYTES_FROM", QP_BYTES_FROM },
  { "QP_PACKETS_TO", QP_PACKETS_TO },
  { "QP_BYTES_TO", QP_BYTES_TO },
  { "QP_PACKETS_LIMITED", QP_PACKETS_LIMITED },
  { "QP_PACKETS_OFFLOADED", QP_PACKETS_OFFLOADED },
  { "QP_PACKETS_NO_ADDRESS", QP_PACKETS_NO_ADDRESS },
  { "QP_PACKETS_TO_ITSELF", QP_PACKETS_TO_ITSELF },
  { "QP_SESSION_COUNTERS", QP_SESSION_COUNTERS },
  { "QP_TOTAL_PACKETS", QP_TOTAL_PACKETS },
  { "QP_TOTAL_BYTES", QP_TOTAL_BYTES },
  { "QP_TOTAL_SESSION_EXPIRED", QP_TOTAL_SESSION_EXPIRED },
  { "QP_TOTAL_SOURCE_UNREGISTERED", QP_TOTAL_SOURCE_UNREGISTERED },
  { "QP_TOTAL_RATE_LIMITED", QP_TOTAL_RATE_LIMITED },
  { "QP_TOTALS", QP_TOTALS },
};

static void print_enumerators(void)
{
  const char *before = "  \"enumerators\": {";
  for (size_t i = 0; i < sizeof enumerators / sizeof enumerators[0]; i++, before = ", ")
    printf("%s\"%s\": %d", before, enumerators[i].name, enumerators[i].value);
  printf("},\n");
}

static void print_ip(const struct qp_ip *ip)
{
  printf("  \"qp_ip\": {\"fields\": {");
  print_bytes("bytes", ip->bytes, sizeof ip->bytes);
  print_struct(ip, sizeof *ip, ",");
}

static void print_cid(const struct qp_cid *cid)
{
  printf("  \"qp_cid\": {\"fields\": {");
  print_bytes("bytes", cid->bytes, sizeof cid->bytes);
  print_struct(cid, sizeof *cid, ",");
}

/** Prints the port in host order. */
static void print_udp_address_fields(const struct qp_udp_address *source)
{
  print_bytes("ip", source->ip.bytes, sizeof source->ip.bytes);
  printf(", \"port\": %u", ntohs(source->port));
}

static void print_udp_address(const struct qp_udp_address *source)
{
  printf("  \"qp_udp_address\": {\"fields\": {");
  print_udp_address_fields(source);
  print_struct(source, sizeof *source, ",");
}

static void print_bucket_fields(const struct qp_bucket *bucket)
{
  print_word("token_ns_q16", bucket->token_ns_q16);
  next();
  print_word("depth_ns", bucket->depth_ns);
  next();
  print_word("full_at_ns", bucket->full_at_ns);
}

static void print_bucket(const struct qp_bucket *bucket)
{
  printf("  \"qp_bucket\": {\"fields\": {");
  print_bucket_fields(bucket);
  print_struct(bucket, sizeof *bucket, ",");
}

static void print_state(const struct qp_session_state *state)
{
  printf("  \"qp_session_state\": {\"fields\": {\"counters\": [");
  for (int i = 0; i < QP_SESSION_COUNTERS; i++)
    printf("%s\"%llu\"", i > 0 ? ", " : "", (unsigned long long)state->counters[i]);
  printf("], ");
  print_word("expires_at_ns", state->expires_at_ns);
  printf(", \"version\": %u, \"bucket\": %u, \"address\": {", state->version, state->bucket);
  print_udp_address_fields(&state->address);
  printf("}, ");
  print_bytes("local", state->local.bytes, sizeof state->local.bytes);
  next();
  print_word("first_at_ns", state->first_at_ns);
  print_struct(state, sizeof *state, ",");
}

static void print_processor(const struct qp_processor *processor)
{
  printf("  \"qp_processor\": {\"fields\": {\"totals\": [");
  for (int i = 0; i < QP_TOTALS; i++)
    printf("%s\"%llu\"", i > 0 ? ", " : "", (unsigned long long)processor->totals[i]);
  printf("], ");
  print_word("tick", processor->tick);
  next();
  print_word("tick_ns", processor->tick_ns);
  print_struct(processor, sizeof *processor, ",");
}

static void print_config(const struct qp_config *config)
{
  printf("  \"qp_config\": {\"fields\": {\"version\": %u, \"port\": %u, \"is_sender_checked\": %s", config->version,
         ntohs(config->port), config->is_sender_checked ? "true" : "false");
  printf(", \"may_lack_senders\": %s", config->may_lack_senders ? "true" : "false");
  print_struct(config, sizeof *config, "");
}

int main(void)
{
  const struct qp_udp_address source = {
    .ip.bytes = { 0x20, 0x01, 0x0d, 0xb8, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    .port = htons(51820),
  };
  const struct qp_cid cid = { { 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xff } };
  const struct qp_bucket bucket = {
    .token_ns_q16 = 524288,
    .depth_ns = 250000000,
    .full_at_ns = 1234567890123456789,
  };
  const struct qp_session_state state = {
    .counters = { 1, 0x0203040506070809, 3, UINT64_MAX, 5, 6, 7, 8 },
    .expires_at_ns = 9876543210987654321u,
    .version = 0xfeedbeee,
    .bucket = 0xabcdef01,
    .address = source,
    .local.bytes = { 0x20, 0x01, 0x0d, 0xb8, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4 },
    .first_at_ns = 1122334455667788,
  };
  const struct qp_processor processor = {
    .totals = { 11, 12, UINT64_MAX, 14, 15 },
    .tick = 4294892296,
    .tick_ns = 8877665544332211,
  };
  const struct qp_config config = {
    .version = QP_ABI_VERSION,
    .port = htons(4433),
    .is_sender_checked = 1,
    .may_lack_senders = 1,
  };
  printf("{\n");
  print_enumerators();
  print_ip(&source.ip);
  print_cid(&cid);
  print_udp_address(&source);
  print_bucket(&bucket);
  print_state(&state);
  print_processor(&processor);
  print_config(&config);
  printf("}\n");
  return 0;
}
