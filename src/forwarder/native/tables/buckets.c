#include "buckets.h"

#include "../../../xdp/native/kernel.h"
#include "../memory/pages.h"
#include "bucket.h"

bool qp_buckets_init(struct qp_buckets *buckets, uint32_t capacity, struct qp_grace *grace, struct qp_kernel *kernel)
{
  buckets->kernel = kernel;
  buckets->all = kernel ? kernel->by_subject : qp_pages_allocate(capacity * sizeof *buckets->all);
  buckets->records = qp_pages_allocate(capacity * sizeof *buckets->records);
  return qp_ids_init(&buckets->ids, capacity, grace, kernel) && buckets->all && buckets->records;
}

void qp_buckets_destroy(struct qp_buckets *buckets)
{
  size_t capacity = buckets->ids.capacity;
  if (!buckets->kernel)
    qp_pages_free(buckets->all, capacity * sizeof *buckets->all);
  qp_pages_free(buckets->records, capacity * sizeof *buckets->records);
  qp_ids_destroy(&buckets->ids);
}

static struct qp_bucket_record *begin(struct qp_buckets *buckets, uint32_t id)
{
  struct qp_bucket_record *record = &buckets->records[id];
  record->id.number = id;
  buckets->count++;
  return record;
}

static void end_unless_used(struct qp_buckets *buckets, struct qp_bucket_record *record)
{
  if (record->is_held || record->sessions > 0)
    return;
  buckets->count--;
  qp_ids_give_back(&buckets->ids, &record->id);
}

uint32_t qp_bucket_open(struct qp_buckets *buckets, double per_second, double depth)
{
  uint32_t id = qp_ids_take(&buckets->ids);
  if (id == QP_NO_ID)
    return id;
  qp_bucket_init(&buckets->all[id], per_second, depth);
  begin(buckets, id)->is_held = true;
  return id;
}

bool qp_bucket_is_held(const struct qp_buckets *buckets, uint32_t id)
{
  return id < buckets->ids.given && buckets->records[id].is_held;
}

void qp_bucket_release(struct qp_buckets *buckets, uint32_t id)
{
  struct qp_bucket_record *record = &buckets->records[id];
  record->is_held = false;
  end_unless_used(buckets, record);
}

void qp_bucket_join(struct qp_buckets *buckets, uint32_t id)
{
  buckets->records[id].sessions++;
}

void qp_bucket_leave(struct qp_buckets *buckets, uint32_t id)
{
  struct qp_bucket_record *record = &buckets->records[id];
  record->sessions--;
  end_unless_used(buckets, record);
}

void qp_buckets_adopt(struct qp_buckets *buckets)
{
  for (uint32_t id = 0; id < buckets->ids.capacity; id++)
    if (buckets->records[id].sessions > 0) {
      qp_ids_adopt(&buckets->ids, id);
      begin(buckets, id);
    }
}
