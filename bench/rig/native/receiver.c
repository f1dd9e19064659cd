/*
 * Far end of the cable in the frame rows, see receiver.bpf.c.
 *
 *   receiver <interface> <relay's end> <client's end> <file of connection IDs> <burst16|random>
 *
 * Prints a line once attached. For each line on standard input, prints the number of frames that have arrived so far.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../../src/xdp/native/calls.h"
#include "../../build/receiver.skel.h"
#include "workload.h"
#include "frame.h"
#include "refill.h"

/* Returns the packet for the connection ID at an index, or for the next one that the relay forwards. */
static struct qp_refill refill_of(const struct qp_cable *cable, const struct qp_workload *workload, uint32_t index)
{
  const uint8_t *cid = qp_workload_cid(workload, index);
  struct frame frame = qp_frame_in(cable, cid);
  if (qp_looks_unfinished(&frame))
    return refill_of(cable, workload, (index + 1) % workload->cid_count);
  struct qp_refill refill;
  memcpy(refill.cid, cid, sizeof refill.cid);
  memcpy(&refill.source_port, frame.bytes + QP_SOURCE_PORT_AT, sizeof refill.source_port);
  memcpy(&refill.checksum, frame.bytes + QP_CHECKSUM_AT, sizeof refill.checksum);
  return refill;
}

static void fill(struct qp_receiver *receiver, const struct qp_cable *cable, const struct qp_workload *workload)
{
  size_t bytes = QP_REFILLS * sizeof(struct qp_refill);
  struct qp_refill *refills = mmap(NULL, bytes, PROT_WRITE, MAP_SHARED, receiver->maps.refills.map_fd, 0);
  struct qp_refill *known = calloc(workload->cid_count, sizeof *known);
  if (refills == MAP_FAILED || !known) {
    perror("receiver: refills");
    exit(1);
  }
  for (uint32_t index = 0; index < workload->cid_count; index++)
    known[index] = refill_of(cable, workload, index);
  for (uint32_t n = 0; n < QP_REFILLS; n++)
    refills[n] = known[qp_workload_at(workload, n)];
  struct frame frame = qp_frame_in(cable, qp_workload_cid(workload, 0));
  memcpy(receiver->bss->headers, frame.bytes, sizeof receiver->bss->headers);
  free(known);
  munmap(refills, bytes);
}

int main(int argc, char **argv)
{
  if (argc != 6)
    return 2;
  struct qp_cable cable = qp_cable_parse(argv[2], argv[3]);
  struct qp_workload workload = qp_workload_read(argv[4], argv[5]);
  struct qp_receiver *receiver = qp_receiver__open_and_load();
  if (!receiver) {
    perror("receiver: load");
    return 1;
  }
  fill(receiver, &cable, &workload);
  int link = qp_bpf_link(receiver->progs.receive.prog_fd, if_nametoindex(argv[1]), XDP_FLAGS_DRV_MODE);
  if (link < 0) {
    fprintf(stderr, "receiver: attach: %s\n", strerror(-link));
    return 1;
  }
  puts("attached");
  fflush(stdout);
  for (char line[16]; fgets(line, sizeof line, stdin);) {
    printf("%" PRIu64 "\n", (uint64_t) * (volatile __u64 *)&receiver->bss->arrived);
    fflush(stdout);
  }
}
