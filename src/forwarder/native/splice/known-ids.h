/*
 * The connection IDs under which clients of the gateway send, by their first 8 bytes, and whose connection that is: what
 * comes to one of them from a new address is likely to be a client that has moved. One caller at a time.
 */
#ifndef QP_KNOWN_IDS_H
#define QP_KNOWN_IDS_H

#include "../memory/siphash.h"
#include "../memory/table.h"

/** IDs remembered of a client: QUIC lets two be in use at least (RFC 9000 section 18.2), and a change overlaps. */
enum { QP_IDS_OF_CLIENT = 4 };

/** As places.h has it. */
struct qp_connection;

/** The destination connection IDs that one client has used, newest last. */
struct qp_used_ids {
  uint64_t prefixes[QP_IDS_OF_CLIENT];
  uint32_t count;
};

struct qp_known_ids {
  struct qp_hash_key key;
  struct qp_table table;
};

void qp_known_ids_init(struct qp_known_ids *ids, const struct qp_hash_key *key);
/** No client has any left. */
void qp_known_ids_destroy(struct qp_known_ids *ids);

/** Reads the first 8 bytes of the destination of a short header packet; false for anything else. */
bool qp_read_id_prefix(const uint8_t *data, uint32_t length, uint64_t *prefix);
/** Whether it is the one that the client used last. */
bool qp_is_newest_id(const struct qp_used_ids *used, uint64_t prefix);

/** Whose it is, or null. */
struct qp_connection *qp_known_ids_find(const struct qp_known_ids *ids, uint64_t prefix);
/** A client used one. It is not remembered where there is no memory, or where another connection came first with it. */
void qp_known_ids_use(struct qp_known_ids *ids, struct qp_used_ids *used, uint64_t prefix,
                      struct qp_connection *connection);
/** Forgets all that a client used. */
void qp_known_ids_forget(struct qp_known_ids *ids, struct qp_used_ids *used);

#endif
