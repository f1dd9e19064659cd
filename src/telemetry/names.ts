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
  outcome: "quicpipe.mailbox.outcome",
  packetsFrom: "quicpipe.relay.packets_from",
  bytesFrom: "quicpipe.relay.bytes_from",
  packetsTo: "quicpipe.relay.packets_to",
  bytesTo: "quicpipe.relay.bytes_to",
  packetsLimited: "quicpipe.relay.packets_limited",
  packetsOffloaded: "quicpipe.relay.packets_offloaded",
} as const;

/** Definition of a metric. */
export interface Metric {
  /** Unit in UCUM. */
  readonly unit: string;
  readonly description: string;
  /** Attribute that distinguishes its series, if it has more than one. */
  readonly by?: string;
  /** Attributes common to all its series. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** Counters, read from the data plane at each collection. */
export type CounterName =
  | "quicpipe.relay.io"
  | "quicpipe.relay.packets"
  | "quicpipe.relay.dropped"
  | "quicpipe.mailbox.messages";
/** Current levels, read at each collection. */
export type LevelName = "quicpipe.registration.active" | "quicpipe.mailbox.queued";
/** Durations, recorded when they end. */
export type DurationName = "quicpipe.registration.duration";

/** Only outgoing traffic is counted: each forwarded packet came in before. */
const outgoing: Metric["fixed"] = { [attributes.direction]: "transmit" };

export const counters: Readonly<Record<CounterName, Metric>> = {
  "quicpipe.relay.io": {
    unit: "By",
    description: "UDP payload forwarded between peers.",
    by: attributes.path,
    fixed: outgoing,
  },
  "quicpipe.relay.packets": {
    unit: "{packet}",
    description: "Packets forwarded between peers.",
    by: attributes.path,
    fixed: outgoing,
  },
  "quicpipe.relay.dropped": {
    unit: "{packet}",
    description: "Datagrams that were not passed on.",
    by: attributes.errorType,
  },
  "quicpipe.mailbox.messages": {
    unit: "{message}",
    description: "Mailbox messages that ended.",
    by: attributes.outcome,
  },
};

export const levels: Readonly<Record<LevelName, Metric>> = {
  "quicpipe.registration.active": { unit: "{registration}", description: "Registrations that are held." },
  "quicpipe.mailbox.queued": { unit: "{message}", description: "Mailbox messages that wait." },
};

export const durations: Readonly<Record<DurationName, Metric>> = {
  "quicpipe.registration.duration": {
    unit: "s",
    description: "How long registrations were held.",
    by: attributes.endReason,
  },
};
