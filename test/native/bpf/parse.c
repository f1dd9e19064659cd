/* Compiled for the BPF target, to show that the rules also work there, without libc, loops or calls. */
#include "../../../bpf/parse.h"

int parse_kind(const __u8 *data, const __u8 *end);

int parse_kind(const __u8 *data, const __u8 *end)
{
  struct qp_header header = qp_parse(data, end);
  return header.kind == QP_KIND_QUIC && header.destination ? header.destination[0] : header.initial_bytes;
}
