import type { Attributes, BatchObservableResult, Histogram, Meter, Observable } from "@opentelemetry/api";
import { registrationDurationBuckets } from "../defaults/index.ts";
import type { RelayFigures } from "./contract.ts";
import {
  counters,
  levels,
  mapped,
  type Metric,
  registrationDuration,
  registrationDurationName,
  type Values,
} from "./instruments.ts";
import { attributes } from "./names.ts";

/** The figures that the metrics of one relay are read from. */
type Source = () => RelayFigures;

/** The metrics of one relay. */
export class RelayMetrics {
  readonly #sum: ProcessSum;
  readonly #source: Source;

  /** Reads `source` at each collection from now on. Its current values predate this relay and are subtracted. */
  constructor(meter: Meter, source: Source) {
    this.#sum = sumOf(meter);
    this.#source = source;
    this.#sum.add(source);
  }

  /** Records how long a registration was held. */
  registrationEnded(seconds: number, reason: string): void {
    this.#sum.registrationDuration.record(seconds, { [attributes.endReason]: reason });
  }

  /** Detaches the relay. Everything counted stays counted. Idempotent. */
  close(): void {
    this.#sum.remove(this.#source);
  }
}

/** The values of each counter, by its name. */
type Counts = Readonly<Record<string, Values>>;

/**
 * Sums all relays of the process, concurrent or successive, into the same series. Separate series would overwrite each
 * other, and events between the last collection and the end of a relay would be lost.
 */
class ProcessSum {
  readonly registrationDuration: Histogram;
  readonly #counters: Readonly<Record<string, Observable>>;
  readonly #levels: Readonly<Record<string, Observable>>;
  /** The open relays, each with its values at the start, such as kernel traffic of an earlier process. */
  readonly #live = new Map<Source, Counts>();
  /** Total counts of the closed relays. */
  #past: Counts = {};

  constructor(meter: Meter) {
    this.registrationDuration = meter.createHistogram(registrationDurationName, {
      ...textOf(registrationDuration),
      advice: { explicitBucketBoundaries: [...registrationDurationBuckets] },
    });
    this.#counters = mapped(counters, (metric, name) => meter.createObservableCounter(name, textOf(metric)));
    this.#levels = mapped(levels, (metric, name) =>
      meter.createObservableUpDownCounter(name, textOf(metric)),
    );
    const observables = [...Object.values(this.#counters), ...Object.values(this.#levels)];
    meter.addBatchObservableCallback((result) => this.#observe(result), observables);
  }

  add(source: Source): void {
    this.#live.set(source, countsOf(source()));
  }

  remove(source: Source): void {
    const start = this.#live.get(source);
    if (!start) return;
    this.#live.delete(source);
    this.#past = combine(this.#past, combine(countsOf(source()), start, -1), 1);
  }

  /** Reads each relay once for all metrics, so that they are consistent. */
  #observe(result: BatchObservableResult): void {
    const figures = [...this.#live].map(([source, start]) => ({ shown: source(), start }));
    const counts = figures.reduce(
      (sum, { shown, start }) => combine(sum, combine(countsOf(shown), start, -1), 1),
      this.#past,
    );
    for (const [name, metric] of Object.entries(counters))
      for (const [values, count] of Object.entries(counts[name] ?? {}))
        result.observe(this.#counters[name]!, count, attributesOf(metric, values));
    for (const [name, { valueOf }] of Object.entries(levels)) {
      const level = figures.reduce((sum, { shown }) => sum + valueOf(shown), 0);
      result.observe(this.#levels[name]!, level);
    }
  }
}

function countsOf(figures: RelayFigures): Counts {
  return mapped(counters, ({ valuesOf }) => valuesOf(figures));
}

/** Adds `times` times the other counts to `one`, series by series. */
function combine(one: Counts, other: Counts, times: 1 | -1): Counts {
  return mapped(counters, (_, name) => {
    const sum = { ...one[name] };
    for (const [value, count] of Object.entries(other[name] ?? {}))
      sum[value] = (sum[value] ?? 0) + times * count;
    return sum;
  });
}

/** Returns the attributes of a series, from its key among the metric's {@link Values}. */
function attributesOf({ by = [], fixed }: Metric, values: string): Attributes {
  const each = values.split(" ");
  return { ...fixed, ...Object.fromEntries(by.map((name, index) => [name, each[index]])) };
}

function textOf({ unit, description }: Metric): Pick<Metric, "unit" | "description"> {
  return { unit, description };
}

const sums = new WeakMap<Meter, ProcessSum>();

function sumOf(meter: Meter): ProcessSum {
  const sum = sums.get(meter) ?? new ProcessSum(meter);
  sums.set(meter, sum);
  return sum;
}
