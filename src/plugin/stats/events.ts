import { type EventSource, formatEvent } from "../http/event-stream.ts";
import type { PathRates, Rates } from "./rates.ts";
import type { RelayStats } from "./stats.ts";

/** Data of the server-sent event `stats`. */
export interface StatsEvent {
  /** RFC 3339. */
  readonly at: string;
  readonly totals: RelayStats;
  /** Rates since the previous sample; `null` in the first events after a period without requests. */
  readonly rates: PathRates | null;
}

/** Streams the figures of a relay. Each sample is formatted once for all readers. */
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
    return (this.#text ??= formatEvent("stats", JSON.stringify(this.#event())));
  }

  #event(): StatsEvent {
    return {
      at: new Date(this.#now()).toISOString(),
      totals: this.#totals(),
      rates: this.#rates.paths,
    };
  }
}
