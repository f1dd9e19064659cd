/*
 * Puts numbers into an order that only the key tells, so that nobody can guess what comes next or came before. The
 * same as src/forwarder/splice/permutation.ts; both are held to the same vectors.
 */
#ifndef QP_PERMUTATION_H
#define QP_PERMUTATION_H

#include <stdint.h>

/** Random, and never told. */
struct qp_permutation_key {
  uint32_t k0, k1;
};

/** The number at place `index` of those below `size`; `index` < `size`, and `size` at most 2^24. */
uint32_t qp_permutation_at(const struct qp_permutation_key *key, uint32_t size, uint32_t index);

#endif
