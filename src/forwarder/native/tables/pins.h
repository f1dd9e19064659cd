/*
 * A plain table of the pinned initial DCIDs. The caller bounds their number and ends them. The control thread writes,
 * and I/O threads read.
 */
#ifndef QP_PINS_H
#define QP_PINS_H

#include "../../../../bpf/parse.h"
#include "../memory/siphash.h"
#include "../memory/table.h"

/** The DCID of a first Initial, padded with zeros. */
struct qp_initial {
  uint8_t bytes[23];
  uint8_t length;
};

struct qp_pin {
  struct qp_retired retired;
  struct qp_initial initial;
  /** The sessions of the accepter and of the dialer. */
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

/** Any thread: returns the live pin of a DCID of 8 to 20 bytes, or null. */
const struct qp_pin *qp_pins_find(const struct qp_pins *pins, const uint8_t *dcid, uint8_t length, int64_t now_ms);

/** Control thread: sets or replaces the pin of a DCID; false if it is not 8 to 20 bytes long, or if out of memory. */
bool qp_pins_set(struct qp_pins *pins, const uint8_t *dcid, size_t length, uint32_t to, uint32_t from,
                 int64_t expires_at_ms);
/** Control thread: deletes the pin of a DCID, if any. */
void qp_pins_delete(struct qp_pins *pins, const uint8_t *dcid, size_t length);

#endif
