/* Decides whether a packet may go from its source to the session of its DCID, by the rules of user space (relay.c). */
#ifndef QP_POLICY_H
#define QP_POLICY_H

#include "flows.h"
#include "next-hop.h"

/** Judges the sender as user space would. Charges and counts nothing, so user space may still receive the packet. */
static __always_inline enum qp_decision qp_judge_sender(const struct qp_config *settings, struct qp_transfer *transfer)
{
  /* An older session at the same address may still be alive; user space knows. */
  if (transfer->from && transfer->from->expires_at_ns <= transfer->now_ns)
    return QP_PASS;
  /* The sender may be a peer whose address found no room in the table. */
  if (!transfer->from && settings->may_lack_senders)
    return QP_PASS;
  if (!transfer->from && settings->is_sender_checked)
    return qp_refuse(transfer, QP_TOTAL_SOURCE_UNREGISTERED);
  return QP_FORWARD;
}

/** Copies both addresses of the path to the session consistently; false while they are being written. */
static __always_inline int qp_read_ends(struct qp_transfer *transfer, __u32 *version)
{
  const struct qp_session_state *to = transfer->to;
  struct qp_udp_address *address = &transfer->destination;
  struct qp_ip *local = &transfer->local;
  __u32 later;
  return qp_copy_guarded(address, &to->address, sizeof *address / sizeof(__u32), &to->version, version) &&
         qp_copy_guarded(local, &to->local, sizeof *local / sizeof(__u32), &to->version, &later) && later == *version;
}

static __always_inline int qp_same_udp_address(const struct qp_udp_address *one, const struct qp_udp_address *other)
{
  return one->port == other->port && qp_same_ip(&one->ip, &other->ip);
}

/**
 * Looks up the sender, and the next hop unless it is cached. A new next hop is cached with the sender; a sender that
 * changes during the look-up stays cached for the whole TTL.
 */
static __noinline enum qp_decision qp_find(struct xdp_md *context, const struct qp_config *settings,
                                           const struct qp_packet *packet, struct qp_flow *flow,
                                           struct qp_transfer *transfer)
{
  const struct qp_udp_address *source = &packet->source;
  const __u32 *from = bpf_map_lookup_elem(&senders, source);
  __u32 from_id = from ? *from : QP_NOBODY, to_version = 0;
  transfer->from = qp_state_of(&from_id);
  transfer->bucket = transfer->from ? qp_state_bucket(transfer->from) : 0;
  if (!transfer->has_next_hop && !qp_read_ends(transfer, &to_version))
    return QP_PASS;
  if (transfer->to->expires_at_ns <= transfer->now_ns)
    return qp_refuse(transfer, QP_TOTAL_SESSION_EXPIRED);
  /* No address, or one that only user space can send to. */
  if (transfer->destination.port == 0)
    return QP_PASS;
  enum qp_decision decision = qp_judge_sender(settings, transfer);
  if (decision != QP_FORWARD)
    return decision;
  /* The packet would return to its source; user space counts it. */
  if (qp_same_udp_address(source, &transfer->destination))
    return QP_PASS;
  if (transfer->has_next_hop)
    return QP_FORWARD;
  if (!qp_find_next_hop(context, settings, packet, transfer))
    return QP_PASS;
  qp_remember(flow, packet, transfer, from_id, to_version);
  return QP_FORWARD;
}

static __always_inline int qp_is_known(const struct qp_transfer *transfer)
{
  return transfer->from && transfer->has_next_hop && transfer->from->expires_at_ns > transfer->now_ns &&
         transfer->to->expires_at_ns > transfer->now_ns;
}

/** Decides on a packet. A packet to be forwarded has been paid for. */
static __always_inline enum qp_decision qp_decide(struct xdp_md *context, const struct qp_config *settings,
                                                  const struct qp_packet *packet, struct qp_transfer *transfer)
{
  const __u32 *to_id = bpf_map_lookup_elem(&routes, &packet->cid);
  if (!to_id)
    return QP_PASS;
  transfer->to_id = *to_id;
  transfer->to = qp_state_of(&transfer->to_id);
  transfer->processor = qp_this_processor();
  struct qp_flow *flow = bpf_map_lookup_elem(&flows, &transfer->to_id);
  if (!transfer->to || !transfer->processor || !flow)
    return QP_PASS;
  transfer->now_ns = qp_recent_ns(transfer->processor);
  qp_recall(flow, packet, transfer);
  enum qp_decision decision = qp_is_known(transfer) ? QP_FORWARD : qp_find(context, settings, packet, flow, transfer);
  return decision == QP_FORWARD ? qp_take(transfer, packet->bytes) : decision;
}

#endif
