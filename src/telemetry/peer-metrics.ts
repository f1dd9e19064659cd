import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from "@opentelemetry/api";
import { searchDurationBuckets } from "../defaults/index.ts";
import { peerMetrics } from "./instruments.ts";
import { attributes } from "./names.ts";

/** The path of a connection's packets. */
export type ConnectionPathName = "relay" | "direct";

/** The metrics of the peers of this process: those of several add up. */
export class PeerMetrics {
  readonly #changes: Counter;
  readonly #connections: UpDownCounter;
  readonly #searches: Histogram;

  constructor(meter: Meter) {
    const { changes, connections, searches } = peerMetrics;
    this.#changes = meter.createCounter(changes.name, changes);
    this.#connections = meter.createUpDownCounter(connections.name, connections);
    this.#searches = meter.createHistogram(searches.name, {
      ...searches,
      advice: { explicitBucketBoundaries: [...searchDurationBuckets] },
    });
  }

  /** Counts a change of a direct path. */
  changed(kind: string, reason: string | undefined): void {
    this.#changes.add(1, {
      [attributes.directChange]: kind,
      ...(reason !== undefined && { [attributes.directReason]: reason }),
    });
  }

  /** Counts a connection where it is now instead of where it was; `undefined` is nowhere. */
  moved(from: ConnectionPathName | undefined, to: ConnectionPathName | undefined): void {
    if (from) this.#connections.add(-1, { [attributes.connectionPath]: from });
    if (to) this.#connections.add(1, { [attributes.connectionPath]: to });
  }

  /** Records how long a direct path was looked for, and what came of it. */
  searched(seconds: number, outcome: Attributes): void {
    this.#searches.record(seconds, outcome);
  }
}
