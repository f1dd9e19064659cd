/*
 * The connection IDs under which gateway clients send, by their first 8 bytes, and the connection of each. A packet to
 * one of them from a new address probably comes from a client that has moved. One caller at a time.
 */
#ifndef QP_KNOWN_IDS_H
#define QP_KNOWN_IDS_H

#include "../memory/table.h"

/** IDs remembered per client. QUIC allows at least two in use (RFC 9000 section 18.2), and a change of IDs overlaps. */
enum { QP_IDS_OF_CLIENT = 4 };

/** Defined in place.h. */
struct qp_connection;

/** The destination connection IDs that one client has used, newest last. */
struct qp_used_ids {
  uint64_t prefixes[QP_IDS_OF_CLIENT];
  uint32_t count;
};

/** Makes the table of the IDs. No client may have any left when it is destroyed. */
void qp_known_ids_init(struct qp_table *ids, const struct qp_hash_key *key);

/** Reads the first 8 bytes of the DCID of a short header packet; false for any other datagram. */
bool qp_read_id_prefix(const uint8_t *data, uint32_t length, uint64_t *prefix);
/** Reports whether the client used this ID last. */
bool qp_is_newest_id(const struct qp_used_ids *used, uint64_t prefix);

/** Returns the connection of an ID, or null. */
struct qp_connection *qp_known_ids_find(const struct qp_table *ids, uint64_t prefix);
/** Records an ID used by a client. It is not recorded if out of memory, or if another connection has used it first. */
void qp_known_ids_use(struct qp_table *ids, struct qp_used_ids *used, uint64_t prefix,
                      struct qp_connection *connection);
/** Forgets all IDs of a client. */
void qp_known_ids_forget(struct qp_table *ids, struct qp_used_ids *used);

#endif
