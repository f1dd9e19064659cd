/* See workload.h. */
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

struct qp_workload qp_workload_read(const char *path, const char *order)
{
  struct qp_workload workload = { .bursts = strcmp(order, "burst16") == 0 };
  FILE *file = fopen(path, "rb");
  long bytes = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
  workload.cid_count = (uint32_t)(bytes / qp_cid_bytes);
  workload.cids = malloc((size_t)workload.cid_count * qp_cid_bytes);
  if (workload.cid_count == 0 || !workload.cids || fseek(file, 0, SEEK_SET) != 0 ||
      fread(workload.cids, qp_cid_bytes, workload.cid_count, file) != workload.cid_count) {
    perror(path);
    exit(1);
  }
  fclose(file);
  return workload;
}

uint32_t qp_workload_at(const struct qp_workload *workload, uint64_t n)
{
  uint64_t value = workload->bursts ? n / qp_burst : qp_mix(n);
  return (uint32_t)(value % workload->cid_count);
}

const uint8_t *qp_workload_cid(const struct qp_workload *workload, uint32_t index)
{
  return workload->cids + (size_t)index * qp_cid_bytes;
}
