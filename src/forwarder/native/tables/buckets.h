/*
 * The token buckets of the subjects. All sessions of a subject draw from its bucket, which exists as long as it is held
 * or a session draws from it. Control thread, except for the contents of the buckets (bucket.h).
 */
#ifndef QP_BUCKETS_H
#define QP_BUCKETS_H

#include "../../../../bpf/abi.h"
#include "../memory/ids.h"

struct qp_kernel;

/** The state of a bucket that only the control thread uses. */
struct qp_bucket_record {
  struct qp_id id;
  /** Number of sessions that draw from it. */
  uint32_t sessions;
  bool is_held;
};

/** Arrays indexed by bucket id. */
struct qp_buckets {
  struct qp_ids ids;
  struct qp_bucket *all;
  struct qp_bucket_record *records;
  /** Keeps `all` in its memory; null if only user space forwards. */
  struct qp_kernel *kernel;
  /** Number of buckets in use. */
  uint32_t count;
};

/** `buckets` must be zeroed. Returns false if out of memory. Freed by `qp_buckets_destroy` in either case. */
bool qp_buckets_init(struct qp_buckets *buckets, uint32_t capacity, struct qp_grace *grace, struct qp_kernel *kernel);
void qp_buckets_destroy(struct qp_buckets *buckets);

/** Opens a bucket that is held and full. Returns its id, or `QP_NO_ID` if all are taken. */
uint32_t qp_bucket_open(struct qp_buckets *buckets, double per_second, double depth);
bool qp_bucket_is_held(const struct qp_buckets *buckets, uint32_t id);
/** Ends the hold on a bucket. */
void qp_bucket_release(struct qp_buckets *buckets, uint32_t id);

/** A session starts to draw from the bucket, or stops. */
void qp_bucket_join(struct qp_buckets *buckets, uint32_t id);
void qp_bucket_leave(struct qp_buckets *buckets, uint32_t id);

/**
 * Adopts the buckets of an earlier process that sessions have joined, none of them held, and leaves the others free.
 */
void qp_buckets_adopt(struct qp_buckets *buckets);

#endif
