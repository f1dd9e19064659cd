/*
 * A permutation by a secret key, so that outsiders cannot guess the next number or the one before. The same as
 * src/forwarder/splice/permutation.ts; both are held to the same vectors.
 */
#ifndef QP_PERMUTATION_H
#define QP_PERMUTATION_H

#include <stdint.h>

/** Random and secret. */
struct qp_permutation_key {
  uint32_t k0, k1;
};

/** Returns the number at position `index` among those below `size`; `index` < `size`, and `size` at most 2^24. */
uint32_t qp_permutation_at(const struct qp_permutation_key *key, uint32_t size, uint32_t index);

#endif
