import type { Attributes, Context, Span, SpanContext, Tracer } from "@opentelemetry/api";
import { telemetryWatchMs } from "../defaults/index.ts";
import { ShardedMap } from "../maps.ts";
import type { Api } from "./api.ts";
import type {
  RelayedRegistration,
  RelayedTraffic,
  RelayTelemetryParts,
  TelemetryOptions,
} from "./contract.ts";
import { attributes, events, spans } from "./names.ts";
import { forwardingAttributes, peerAttributes, trafficAttributes, trafficSince } from "./relay-attributes.ts";

/** Dependencies of {@link RelaySpans}. */
export interface RelaySpanParts extends Omit<RelayTelemetryParts, "figures">, TelemetryOptions {
  readonly api: Api;
  readonly tracer: Tracer;
}

/** A registration with a recording span. */
interface Watched {
  readonly registration: RelayedRegistration;
  readonly parent: Context;
  span: Span;
  startedAtMs: number;
  /** Traffic at the start of the span. */
  start: RelayedTraffic;
  hasForwarded: boolean;
  isOffloaded: boolean;
  isLimited: boolean;
}

/** Long spans of registrations, one per registration or a chain of them, with its events. */
export class RelaySpans {
  readonly #parts: RelaySpanParts;
  readonly #watched = new ShardedMap<Watched>();
  #openedBy: Context;
  #lookedAtMs = -Infinity;

  constructor(parts: RelaySpanParts) {
    this.#parts = parts;
    this.#openedBy = parts.api.ROOT_CONTEXT;
  }

  /** Runs `work`. The spans of registrations opened meanwhile are children of `parent`. */
  opening<Result>(parent: Context, work: () => Result): Result {
    this.#openedBy = parent;
    try {
      return work();
    } finally {
      this.#openedBy = this.#parts.api.ROOT_CONTEXT;
    }
  }

  opened(registration: RelayedRegistration): void {
    const parent = this.#openedBy;
    const { id, registeredAtMs: startedAtMs } = registration;
    const start = this.#parts.trafficOf(id);
    if (!start) return;
    const span = this.#start(registration, parent, startedAtMs);
    // A span that is not recorded needs no checks.
    if (!span.isRecording()) return;
    // A session left in the kernel by an earlier process continues: its first packet was long ago.
    const hasForwarded = start.firstForwardedAtMs !== null;
    const unseen = { hasForwarded, isOffloaded: false, isLimited: false };
    this.#watched.set(id, { registration, parent, span, startedAtMs, start, ...unseen });
  }

  moved({ id, address }: RelayedRegistration): void {
    const moved = peerAttributes(address);
    this.#watched.get(id)?.span.addEvent(events.moved, moved, this.#nowDate());
  }

  ended({ id }: RelayedRegistration, reason: string, traffic: RelayedTraffic): void {
    const watched = this.#watched.get(id);
    if (!watched) return;
    this.#watched.delete(id);
    this.#look(watched, traffic);
    watched.span.setAttribute(attributes.endReason, reason);
    this.#finish(watched, traffic);
  }

  /** Links the spans of two registrations to each other if both are recorded. */
  pair(one: string, other: string): void {
    const [first, second] = [this.#watched.get(one)?.span, this.#watched.get(other)?.span];
    if (!first || !second) return;
    first.addLink({ context: second.spanContext() });
    second.addLink({ context: first.spanContext() });
  }

  /** Checks one registration per step; none if the last round began less than `telemetryWatchMs` ago. */
  *watch(): Generator<undefined> {
    const nowMs = this.#parts.now();
    if (nowMs - this.#lookedAtMs < telemetryWatchMs) return;
    this.#lookedAtMs = nowMs;
    for (const watched of this.#watched.values()) {
      this.#visit(watched, nowMs);
      yield;
    }
  }

  #visit(watched: Watched, nowMs: number): void {
    const { intervalMs, trafficOf } = this.#parts;
    const isOver = intervalMs !== undefined && nowMs - watched.startedAtMs >= intervalMs;
    const hasSeenAll = watched.hasForwarded && watched.isOffloaded && watched.isLimited;
    const traffic = isOver || !hasSeenAll ? trafficOf(watched.registration.id) : undefined;
    // The registration may have expired without being swept yet.
    if (!traffic) return;
    this.#look(watched, traffic);
    if (isOver) this.#renew(watched, traffic, nowMs);
  }

  /** Adds the events since the last check. */
  #look(watched: Watched, traffic: RelayedTraffic): void {
    const { span, start } = watched;
    const { backend } = this.#parts;
    if (!watched.hasForwarded && traffic.firstForwardedAtMs !== null) {
      watched.hasForwarded = true;
      const how = forwardingAttributes(trafficSince(traffic, start), backend, "all");
      span.addEvent(events.firstPacket, how, new Date(traffic.firstForwardedAtMs));
    }
    if (!watched.isOffloaded && traffic.packetsOffloaded > start.packetsOffloaded) {
      watched.isOffloaded = true;
      span.addEvent(events.offloaded, {}, this.#nowDate());
    }
    if (!watched.isLimited && traffic.packetsLimited > start.packetsLimited) {
      watched.isLimited = true;
      span.addEvent(events.limited, {}, this.#nowDate());
    }
  }

  #renew(watched: Watched, traffic: RelayedTraffic, nowMs: number): void {
    this.#finish(watched, traffic);
    const before = watched.span.spanContext();
    watched.span = this.#start(watched.registration, watched.parent, nowMs, before);
    watched.startedAtMs = nowMs;
    watched.start = traffic;
    watched.isLimited = false;
  }

  #finish({ span, start }: Watched, traffic: RelayedTraffic): void {
    const moved = trafficSince(traffic, start);
    const how = forwardingAttributes(moved, this.#parts.backend, "any");
    span.setAttributes({ ...trafficAttributes(moved), ...how });
    span.end(this.#nowDate());
  }

  #start(registration: RelayedRegistration, parent: Context, atMs: number, before?: SpanContext): Span {
    const { id, subject, address } = registration;
    const attributesAtStart: Attributes = {
      [attributes.registration]: id,
      [attributes.subject]: subject,
      [attributes.transport]: "udp",
      [attributes.protocol]: "quic",
      ...peerAttributes(address),
    };
    const links = before ? [{ context: before }] : [];
    const options = { attributes: attributesAtStart, startTime: new Date(atMs), links };
    return this.#parts.tracer.startSpan(spans.relay, options, parent);
  }

  #nowDate(): Date {
    return new Date(this.#parts.now());
  }
}
