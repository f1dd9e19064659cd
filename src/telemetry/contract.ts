import type { TraceParent } from "./span.ts";
import type { RequestSpanName } from "./names.ts";

/** Telemetry options of a relay. */
export interface TelemetryOptions {
  /**
   * Time after which a `quicpipe.relay` span ends and a new one, linked to it, begins, in ms, from 10 000. Spans never end
   * early if absent.
   */
  readonly intervalMs?: number | undefined;
}

/** A registration as seen by telemetry. */
export interface RelayedRegistration {
  readonly id: string;
  readonly subject: string;
  readonly address: { readonly address: string; readonly port: number } | null;
  /** ms since the epoch. */
  readonly registeredAtMs: number;
}

/** Traffic of a registration so far. */
export interface RelayedTraffic {
  readonly packetsFrom: number;
  readonly bytesFrom: number;
  readonly packetsTo: number;
  readonly bytesTo: number;
  readonly packetsLimited: number;
  readonly packetsOffloaded: number;
  /** Time of its first forwarded packet, in ms since the epoch; `null` if there was none. */
  readonly firstForwardedAtMs: number | null;
}

/** Observer of every registration. The registry calls it. */
export interface RelayObserver {
  opened(registration: RelayedRegistration): void;
  moved(registration: RelayedRegistration): void;
  ended(registration: RelayedRegistration, reason: string, traffic: RelayedTraffic): void;
}

/** The forwarding path of a packet: the kernel, or this process. */
export type PathName = "kernel" | "user";
/** What forwards in this process. */
export type BackendName = "native" | "dgram";

/** Totals of a relay since its data plane was opened, and its current state. */
export interface RelayFigures {
  readonly backend: BackendName;
  readonly traffic: Readonly<Record<PathName, { readonly packets: number; readonly bytes: number }>>;
  /** Dropped datagrams, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Ended mailbox messages, by outcome. */
  readonly messages: Readonly<Record<string, number>>;
  /** Messages at the second port, by outcome; empty if there is none. */
  readonly stunPort: Readonly<Record<string, number>>;
  readonly registrations: number;
  readonly queuedMessages: number;
}

/** The relay's data that telemetry reads. */
export interface RelayTelemetryParts {
  /** The backend that forwards packets the kernel does not. */
  readonly backend: BackendName;
  readonly figures: () => RelayFigures;
  /** Traffic of a live registration so far. */
  readonly trafficOf: (id: string) => RelayedTraffic | undefined;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** The trace of one request to the relay. */
export interface RequestTrace {
  /** Position of the request's own span; `undefined` without telemetry. */
  readonly here: TraceParent | undefined;
  /** Links the span to the work that led to this request. */
  linkTo(other: TraceParent | undefined): void;
  /** Runs `work`. A registration that it opens joins the trace that the request belongs to. */
  opening<Result>(work: () => Result): Result;
}

/** The relay's side of telemetry. Its methods never throw on behalf of telemetry. */
export interface RelayTelemetry {
  readonly observer: RelayObserver;
  /** Runs `work` for a request within a span. */
  request<Result>(
    name: RequestSpanName,
    headers: Headers,
    work: (trace: RequestTrace) => Promise<Result>,
  ): Promise<Result>;
  /** Links the spans of two registrations that carry the two ends of one connection. */
  pair(dialer: string, accepter: string): void;
  /** Checks the recent activity of registrations, one per step. Does nothing if the last check was just before. */
  watch(): Generator<undefined>;
  /** Detaches from the meter. Everything counted stays counted. Idempotent. */
  close(): void;
}

/** The trace of a peer's dial or accept. */
export interface PeerTrace {
  /** Request headers that make the relay's work part of this trace. */
  readonly headers: Readonly<Record<string, string>>;
  /** Links the span to another peer's work, given by its `traceparent`. */
  linkTo(traceparent: string | undefined): void;
  /** Begins the trace of the paths of the connection that comes of it. */
  paths(): PathTrace;
}

/** A change of a connection's paths as telemetry sees it. `remote` is an address such as `192.0.2.1:443` or `[2001:db8::1]:443`. */
export type TracedPathEvent =
  | { readonly kind: "opened" | "suspect" }
  | { readonly kind: "selected"; readonly remote: string; readonly rttMs: number }
  | { readonly kind: "lost" | "refused"; readonly reason: string };

/** The trace of the paths of one connection. */
export interface PathTrace {
  /** The connection is there, by the relay, and a direct path is looked for. Called once at most. */
  opened(): void;
  /** The paths have changed, after {@link opened}. */
  tell(event: TracedPathEvent): void;
  /** The connection has ended. Idempotent. */
  closed(): void;
}

/** The peer's side of telemetry. */
export interface PeerTelemetry {
  /** Runs a dial within a span. */
  dial<Result>(work: (trace: PeerTrace) => Promise<Result>): Promise<Result>;
  /** Runs the accept of a first flight from the application within a span. */
  accept<Result>(work: (trace: PeerTrace) => Promise<Result>): Promise<Result>;
  /** Runs the accept of a mailbox message within a root span. */
  acceptMessage<Result>(work: (trace: PeerTrace) => Promise<Result>): Promise<Result>;
}
