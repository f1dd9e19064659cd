/*
 * The nonces of STUN (src/forwarder/stun/nonce.ts), as far as the threads read them. A client that sends a nonce issued
 * for its address has received an answer there.
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

/** @param tick time of issue, in 64ths of a millisecond since the epoch; 48 bits. */
void qp_stun_nonce_sign(const struct qp_stun_nonces *nonces, uint64_t tick, const struct qp_path *path,
                        uint8_t mac[QP_NONCE_MAC_BYTES]);
/** Reports whether the text is a nonce issued for `path` that has not expired. */
bool qp_stun_nonce_is_good(const struct qp_stun_nonces *nonces, const uint8_t *text, size_t length,
                           const struct qp_path *path, int64_t now_ms);

#endif
