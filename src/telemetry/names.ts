/**
 * Every name that telemetry gives, with its unit; `docs/telemetry.md` has the same in words. Attributes that the
 * semantic conventions know are theirs, all others are below `quicpipe.`.
 */

/** Name of the instrumentation scope: the package's. */
export const scopeName = "quicpipe";

/** Spans. */
export const spans = {
  register: "quicpipe.register",
  send: "quicpipe.mailbox.send",
  take: "quicpipe.mailbox.take",
  relay: "quicpipe.relay",
  dial: "quicpipe.dial",
  accept: "quicpipe.accept",
} as const;

/** Spans of one request to the relay. */
export type RequestSpanName = (typeof spans)["register" | "send" | "take"];
/** Spans of a peer's work. */
export type PeerSpanName = (typeof spans)["dial" | "accept"];

/** Events of a `quicpipe.relay` span. */
export const events = {
  firstPacket: "quicpipe.relay.first_packet",
  moved: "quicpipe.relay.moved",
  offloaded: "quicpipe.relay.offloaded",
  limited: "quicpipe.relay.limited",
} as const;

/** Attributes of spans and events. */
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

/** One metric. */
export interface Metric {
  /** UCUM. */
  readonly unit: string;
  readonly description: string;
  /** The attribute that tells its series apart, if it has more than one. */
  readonly by?: string;
  /** What all of its series have. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** Counters, which are read from the data plane at each collection. */
export type CounterName =
  | "quicpipe.relay.io"
  | "quicpipe.relay.packets"
  | "quicpipe.relay.dropped"
  | "quicpipe.mailbox.messages";
/** What is held, read at each collection. */
export type LevelName = "quicpipe.registration.active" | "quicpipe.mailbox.queued";
/** Durations, recorded when they are over. */
export type DurationName = "quicpipe.registration.duration";

/** What goes out; that the same came in before is no traffic of its own. */
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
