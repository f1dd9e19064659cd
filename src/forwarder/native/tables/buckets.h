/*
 * The token buckets of the subjects, each of which all sessions of its subject draw from. A bucket is there for as long as
 * it is held or a session draws from it. Control thread, but for what is in the buckets themselves (bucket.h).
 */
#ifndef QP_BUCKETS_H
#define QP_BUCKETS_H

#include "../../../../bpf/abi.h"
#include "../memory/ids.h"

struct qp_kernel;

/** What the control thread alone knows of a bucket. */
struct qp_bucket_record {
  struct qp_id id;
  /** Sessions that draw from it. */
  uint32_t sessions;
  bool is_held;
};

/** Arrays by id. */
struct qp_buckets {
  struct qp_ids ids;
  struct qp_bucket *all;
  struct qp_bucket_record *records;
  /** Has `all` in its memory; null where user space forwards alone. */
  struct qp_kernel *kernel;
  /** Buckets that are there. */
  uint32_t count;
};

/** `buckets` is zeroed; false if there is no memory. Freed with `qp_buckets_destroy` in any case. */
bool qp_buckets_init(struct qp_buckets *buckets, uint32_t capacity, struct qp_grace *grace, struct qp_kernel *kernel);
void qp_buckets_destroy(struct qp_buckets *buckets);

/** The id of a bucket that is held and full, or `QP_NO_ID` if all are taken. */
uint32_t qp_bucket_open(struct qp_buckets *buckets, double per_second, double depth);
bool qp_bucket_is_held(const struct qp_buckets *buckets, uint32_t id);
/** Holds it no more. */
void qp_bucket_release(struct qp_buckets *buckets, uint32_t id);

/** A session draws from it from now on, or no more. */
void qp_bucket_join(struct qp_buckets *buckets, uint32_t id);
void qp_bucket_leave(struct qp_buckets *buckets, uint32_t id);

/** Takes over the buckets of an earlier process that sessions have joined, none of them held, and leaves the others free. */
void qp_buckets_adopt(struct qp_buckets *buckets);

#endif
