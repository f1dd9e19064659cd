/*
 * The pinned initial DCIDs as a plain look-up; their bounds and their ends are the caller's. The
 * control thread writes, I/O threads read.
 */
#ifndef QP_PINS_H
#define QP_PINS_H

#include "../../../../bpf/parse.h"
#include "../memory/siphash.h"
#include "../memory/table.h"

/** A DCID of a first Initial, padded with zeros. */
struct qp_initial {
  uint8_t bytes[23];
  uint8_t length;
};

struct qp_pin {
  struct qp_retired retired;
  struct qp_initial initial;
  /** The accepter's session and the dialer's. */
  uint32_t to, from;
  int64_t expires_at_ms;
};

struct qp_pins {
  struct qp_hash_key key;
  struct qp_table table;
  struct qp_grace *grace;
};

void qp_pins_init(struct qp_pins *pins, const struct qp_hash_key *key, struct qp_grace *grace);
void qp_pins_destroy(struct qp_pins *pins);

/** Any thread: the live pin of a DCID of 8 to 20 bytes, or null. */
const struct qp_pin *qp_pins_find(const struct qp_pins *pins, const uint8_t *dcid, uint8_t length, int64_t now_ms);

/** Control thread: sets or replaces the pin of a DCID; false if its length is no Initial's or there is no memory. */
bool qp_pins_set(struct qp_pins *pins, const uint8_t *dcid, size_t length, uint32_t to, uint32_t from,
                 int64_t expires_at_ms);
/** Control thread. */
void qp_pins_delete(struct qp_pins *pins, const uint8_t *dcid, size_t length);

#endif
