import { type EventSource, formatEvent } from "../http/event-stream.ts";
import type { PathRates, Rates } from "./rates.ts";
import type { RelayStats } from "./stats.ts";

/** The data of each server-sent event `stats`. */
export interface StatsEvent {
  /** RFC 3339 time. */
  readonly at: string;
  readonly totals: RelayStats;
  /** Since the event before; `null` in the first ones after nobody had asked for a while. */
  readonly rates: PathRates | null;
}

/** Follows the figures of a relay: one text for each sample, however many read it. */
export class StatsEvents implements EventSource {
  readonly #rates: Pick<Rates, "watch" | "paths">;
  readonly #totals: () => RelayStats;
  readonly #now: () => number;
  #text: string | undefined;

  constructor(rates: Pick<Rates, "watch" | "paths">, totals: () => RelayStats, now: () => number) {
    this.#rates = rates;
    this.#totals = totals;
    this.#now = now;
  }

  watch(_identity: unknown, onChange: () => void): () => void {
    return this.#rates.watch(() => {
      this.#text = undefined;
      onChange();
    });
  }

  read(): string {
    return (this.#text ??= formatEvent("stats", {
      at: new Date(this.#now()).toISOString(),
      totals: this.#totals(),
      rates: this.#rates.paths,
    } satisfies StatsEvent));
  }
}
