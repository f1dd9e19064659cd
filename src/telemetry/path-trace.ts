import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { PathTrace, TracedPathEvent } from "./contract.ts";
import { attributes, spans } from "./names.ts";
import type { ConnectionPathName, PeerMetrics } from "./peer-metrics.ts";

/** The dependencies of {@link tracePaths}. */
export interface PathTraceParts {
  readonly tracer: Tracer;
  /** Where the span of the dial or accept is. */
  readonly parent: Context;
  readonly metrics: PeerMetrics;
}

/** Begins the trace of a connection's paths: a span for each search, and metrics. */
export function tracePaths(parts: PathTraceParts): PathTrace {
  return new Paths(parts);
}

interface Search {
  readonly span: Span;
  /** By a clock that does not jump. */
  readonly startedAtMs: number;
}

class Paths implements PathTrace {
  readonly #parts: PathTraceParts;
  #search: Search | undefined;
  #path: ConnectionPathName | undefined;

  constructor(parts: PathTraceParts) {
    this.#parts = parts;
  }

  opened(): void {
    this.#move("relay");
    this.#seek({});
  }

  tell(event: TracedPathEvent): void {
    if (event.kind === "opened") return;
    this.#parts.metrics.changed(event.kind, "reason" in event ? event.reason : undefined);
    if (event.kind === "selected") this.#select(event.remote, event.rttMs);
    else if (event.kind === "lost") this.#lose(event.reason);
    // An address that rests is tried again soon: the search goes on.
    else if (event.kind === "refused" && event.reason !== "quarantined")
      this.#end({ [attributes.directOutcome]: "relay", [attributes.directReason]: event.reason });
  }

  closed(): void {
    this.#end({ [attributes.directOutcome]: "closed" });
    this.#move(undefined);
  }

  #select(remote: string, rttMs: number): void {
    this.#move("direct");
    this.#search?.span.setAttribute(attributes.directRtt, rttMs);
    // The family alone: the address is the other peer's, which may be a private one.
    const networkType = remote.startsWith("[") ? "ipv6" : "ipv4";
    this.#end({ [attributes.directOutcome]: "direct", [attributes.networkType]: networkType });
  }

  #lose(reason: string): void {
    this.#move("relay");
    this.#seek({ [attributes.lostReason]: reason });
  }

  #seek(start: Attributes): void {
    const { tracer, parent } = this.#parts;
    const span = tracer.startSpan(spans.direct, { attributes: start }, parent);
    this.#search = { span, startedAtMs: performance.now() };
  }

  #end(outcome: Attributes): void {
    if (!this.#search) return;
    const { span, startedAtMs } = this.#search;
    this.#search = undefined;
    span.setAttributes(outcome).end();
    this.#parts.metrics.searched((performance.now() - startedAtMs) / 1000, outcome);
  }

  #move(path: ConnectionPathName | undefined): void {
    if (path !== this.#path) this.#parts.metrics.moved(this.#path, path);
    this.#path = path;
  }
}
