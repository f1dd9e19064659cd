import type { RelayFigures } from "./contract.ts";
import { attributes } from "./names.ts";

/** Definition of a metric. */
export interface Metric {
  /** Unit in UCUM. */
  readonly unit: string;
  readonly description: string;
  /** Attributes that distinguish its series, if it has more than one. */
  readonly by?: readonly string[];
  /** Attributes common to all its series. */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** A value for each series of a metric, by the values of its attributes, which a space joins. */
export type Values = Readonly<Record<string, number>>;

/** Only outgoing traffic is counted: each forwarded packet came in before. */
const outgoing: Metric["fixed"] = { [attributes.direction]: "transmit" };
const forwarding: readonly string[] = [attributes.path, attributes.backend];

function forwarded({ traffic, backend }: RelayFigures, figure: "packets" | "bytes"): Values {
  return Object.fromEntries(
    Object.entries(traffic).map(([path, counts]) => [`${path} ${backend}`, counts[figure]]),
  );
}

/** Counters by name, read from the data plane at each collection. */
export const counters: Readonly<Record<string, Metric & { valuesOf(figures: RelayFigures): Values }>> = {
  "quicpipe.relay.io": {
    unit: "By",
    description: "UDP payload forwarded between peers.",
    by: forwarding,
    fixed: outgoing,
    valuesOf: (figures) => forwarded(figures, "bytes"),
  },
  "quicpipe.relay.packets": {
    unit: "{packet}",
    description: "Packets forwarded between peers.",
    by: forwarding,
    fixed: outgoing,
    valuesOf: (figures) => forwarded(figures, "packets"),
  },
  "quicpipe.relay.dropped": {
    unit: "{packet}",
    description: "Datagrams that were not passed on.",
    by: [attributes.errorType],
    valuesOf: ({ dropped }) => dropped,
  },
  "quicpipe.mailbox.messages": {
    unit: "{message}",
    description: "Mailbox messages that ended.",
    by: [attributes.outcome],
    valuesOf: ({ messages }) => messages,
  },
  "quicpipe.stun_port.messages": {
    unit: "{message}",
    description: "STUN messages at the second port.",
    by: [attributes.stunOutcome],
    valuesOf: ({ stunPort }) => stunPort,
  },
};

/** Current levels by name, read at each collection. */
export const levels: Readonly<Record<string, Metric & { valueOf(figures: RelayFigures): number }>> = {
  "quicpipe.registration.active": {
    unit: "{registration}",
    description: "Registrations that are held.",
    valueOf: ({ registrations }) => registrations,
  },
  "quicpipe.mailbox.queued": {
    unit: "{message}",
    description: "Mailbox messages that wait.",
    valueOf: ({ queuedMessages }) => queuedMessages,
  },
};

/** Name of the duration of registrations, recorded when they end. */
export const registrationDurationName = "quicpipe.registration.duration";
export const registrationDuration: Metric = {
  unit: "s",
  description: "How long registrations were held.",
  by: [attributes.endReason],
};

/** Metrics of a peer, by their place in {@link PeerMetrics}, with their names. */
export const peerMetrics: Readonly<
  Record<"changes" | "connections" | "searches", Metric & { readonly name: string }>
> = {
  changes: {
    name: "quicpipe.direct.changes",
    unit: "{change}",
    description: "Changes of direct paths.",
    by: [attributes.directChange, attributes.directReason],
  },
  connections: {
    name: "quicpipe.connection.active",
    unit: "{connection}",
    description: "Connections between peers, by the path of their packets.",
    by: [attributes.connectionPath],
  },
  searches: {
    name: "quicpipe.direct.search.duration",
    unit: "s",
    description: "How long direct paths were looked for.",
    by: [attributes.directOutcome, attributes.directReason, attributes.networkType],
  },
};

/** Maps the values of a record. */
export function mapped<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
