/**
 * Every name that telemetry emits, with its unit; `docs/telemetry.md` describes them. Attributes defined by the semantic
 * conventions keep their names; all others begin with `quicpipe.`.
 */

/** Name of the instrumentation scope. */
export const scopeName = "quicpipe";

/** Names of spans. */
export const spans = {
  register: "quicpipe.register",
  send: "quicpipe.mailbox.send",
  take: "quicpipe.mailbox.take",
  relay: "quicpipe.relay",
  dial: "quicpipe.dial",
  accept: "quicpipe.accept",
  direct: "quicpipe.direct",
} as const;

/** Spans of requests to the relay. */
export type RequestSpanName = (typeof spans)["register" | "send" | "take"];
/** Spans of a peer's operations. */
export type PeerSpanName = (typeof spans)["dial" | "accept"];

/** Names of the events of a `quicpipe.relay` span. */
export const events = {
  firstPacket: "quicpipe.relay.first_packet",
  moved: "quicpipe.relay.moved",
  offloaded: "quicpipe.relay.offloaded",
  limited: "quicpipe.relay.limited",
} as const;

/** Names of the attributes of spans, events and metrics. */
export const attributes = {
  errorType: "error.type",
  peerAddress: "network.peer.address",
  peerPort: "network.peer.port",
  networkType: "network.type",
  transport: "network.transport",
  protocol: "network.protocol.name",
  direction: "network.io.direction",
  subject: "user.id",
  registration: "quicpipe.registration.id",
  endReason: "quicpipe.registration.end_reason",
  path: "quicpipe.path",
  backend: "quicpipe.backend",
  outcome: "quicpipe.mailbox.outcome",
  stunOutcome: "quicpipe.stun.outcome",
  packetsFrom: "quicpipe.relay.packets_from",
  bytesFrom: "quicpipe.relay.bytes_from",
  packetsTo: "quicpipe.relay.packets_to",
  bytesTo: "quicpipe.relay.bytes_to",
  packetsLimited: "quicpipe.relay.packets_limited",
  packetsOffloaded: "quicpipe.relay.packets_offloaded",
  directOutcome: "quicpipe.direct.outcome",
  directReason: "quicpipe.direct.reason",
  directChange: "quicpipe.direct.change",
  directRtt: "quicpipe.direct.rtt_ms",
  lostReason: "quicpipe.direct.lost_reason",
  connectionPath: "quicpipe.connection.path",
} as const;
