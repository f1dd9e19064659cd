import type { TraceParent } from "../wire/traceparent.ts";
import type { RequestSpanName } from "./names.ts";

/** How a relay reports what it does. */
export interface TelemetryOptions {
  /** A `quicpipe.relay` span ends after this time and a new one goes on, linked to it; in ms, from 10 000. */
  readonly intervalMs?: number | undefined;
}

/** One registration, as far as telemetry looks. */
export interface RelayedRegistration {
  readonly id: string;
  readonly subject: string;
  readonly address: { readonly address: string; readonly port: number } | null;
  /** ms since the epoch. */
  readonly registeredAtMs: number;
}

/** What a registration has moved so far. */
export interface RelayedTraffic {
  readonly packetsFrom: number;
  readonly bytesFrom: number;
  readonly packetsTo: number;
  readonly bytesTo: number;
  readonly packetsLimited: number;
  readonly packetsOffloaded: number;
  /** When its first packet was forwarded, ms since the epoch; `null` if none was. */
  readonly firstForwardedAtMs: number | null;
}

/** Hears of every registration; the registry calls it. */
export interface RelayObserver {
  opened(registration: RelayedRegistration): void;
  moved(registration: RelayedRegistration): void;
  ended(registration: RelayedRegistration, reason: string, traffic: RelayedTraffic): void;
}

/** Who forwarded a packet: the kernel, or one of this process's backends. */
export type PathName = "xdp" | "native" | "dgram";

/** What a relay counted since its data plane was opened, and what it holds. */
export interface RelayFigures {
  /** What was forwarded, by {@link PathName}. */
  readonly traffic: Readonly<Record<string, { readonly packets: number; readonly bytes: number }>>;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Mailbox messages that ended, by how. */
  readonly messages: Readonly<Record<string, number>>;
  readonly registrations: number;
  readonly queuedMessages: number;
}

/** One request that the relay works on. */
export interface RequestTrace {
  /** Where the request's own span stands; `undefined` without telemetry. */
  readonly here: TraceParent | undefined;
  /** Says that another piece of work led to this one. */
  linkTo(other: TraceParent | undefined): void;
  /** Does what may open a registration, which then belongs to whatever the request belongs to. */
  opening<Result>(work: () => Result): Result;
}

/** What a relay tells telemetry. Nothing of it throws for telemetry's own sake. */
export interface RelayTelemetry {
  readonly observer: RelayObserver;
  /** Works on a request within a span of its own. */
  request<Result>(
    name: RequestSpanName,
    headers: Headers,
    work: (trace: RequestTrace) => Promise<Result>,
  ): Promise<Result>;
  /** Two registrations carry the two ends of one connection. */
  pair(dialer: string, accepter: string): void;
  /** Looks at what registrations have done lately, one at each step; does nothing if the last look was just now. */
  watch(): Generator<undefined>;
  /** Takes leave of the meter; what was counted stays counted. Idempotent. */
  close(): void;
}

/** A peer's dial or accept under way. */
export interface PeerTrace {
  /** Headers that make the relay's work a part of this one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Says that another peer's work, by its `traceparent`, led to this one. */
  linkTo(traceparent: string | undefined): void;
}

/** What a peer tells telemetry. */
export interface PeerTelemetry {
  /** Dials within a span of its own. */
  dial<Result>(work: (trace: PeerTrace) => Promise<Result>): Promise<Result>;
  /** Accepts what the application brought, within a span of its own. */
  accept<Result>(work: (trace: PeerTrace) => Promise<Result>): Promise<Result>;
  /** Accepts what waited in the mailbox, within a span that is part of nothing else here. */
  acceptMessage<Result>(work: (trace: PeerTrace) => Promise<Result>): Promise<Result>;
}
