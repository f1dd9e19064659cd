/*
 * The nonces of STUN (src/forwarder/stun/nonce.ts), so far as the threads read them: who sends one that was made for its
 * address has got an answer there.
 */
#ifndef QP_STUN_NONCE_H
#define QP_STUN_NONCE_H

#include <stddef.h>

#include "../memory/address.h"

enum { QP_NONCE_MAC_BYTES = 12 };

struct qp_stun_nonces {
  struct qp_hash_key key;
  int64_t life_ms;
};

/** @param tick when it is made, in 64ths of a millisecond since the epoch; 48 bits. */
void qp_stun_nonce_sign(const struct qp_stun_nonces *nonces, uint64_t tick, const struct qp_path *path,
                        uint8_t mac[QP_NONCE_MAC_BYTES]);
/** Whether the text is a nonce of ours for `path`, and not too old. */
bool qp_stun_nonce_is_good(const struct qp_stun_nonces *nonces, const uint8_t *text, size_t length,
                           const struct qp_path *path, int64_t now_ms);

#endif
