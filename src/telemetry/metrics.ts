import type { BatchObservableResult, Histogram, Meter, Observable } from "@opentelemetry/api";
import { registrationDurationBuckets } from "../defaults/index.ts";
import type { RelayFigures } from "./contract.ts";
import { combine, type Counts, countsOf, levelsOf, noCounts } from "./counts.ts";
import {
  attributes,
  type CounterName,
  counters,
  durations,
  type LevelName,
  levels,
  type Metric,
} from "./names.ts";

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

/**
 * Sums all relays of the process, concurrent or successive, into the same series. Separate series would overwrite each
 * other, and events between the last collection and the end of a relay would be lost.
 */
class ProcessSum {
  readonly registrationDuration: Histogram;
  readonly #counters: readonly Series<CounterName>[];
  readonly #levels: readonly Series<LevelName>[];
  /** The open relays, each with its values at the start, such as kernel traffic of an earlier process. */
  readonly #live = new Map<Source, Counts>();
  /** Total counts of the closed relays. */
  #past: Counts = noCounts;

  constructor(meter: Meter) {
    const durationName = "quicpipe.registration.duration";
    this.registrationDuration = meter.createHistogram(durationName, {
      ...textOf(durations[durationName]),
      advice: { explicitBucketBoundaries: [...registrationDurationBuckets] },
    });
    this.#counters = seriesOf(counters, (name, options) => meter.createObservableCounter(name, options));
    this.#levels = seriesOf(levels, (name, options) => meter.createObservableUpDownCounter(name, options));
    const observables = [...this.#counters, ...this.#levels].map(({ observable }) => observable);
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
    for (const { name, observable, attributesOf } of this.#counters)
      for (const [value, count] of Object.entries(counts[name]))
        result.observe(observable, count, attributesOf(value));
    for (const { name, observable } of this.#levels) {
      const held = figures.map(({ shown }) => levelsOf(shown)[name]);
      result.observe(
        observable,
        held.reduce((sum, level) => sum + level, 0),
      );
    }
  }
}

/** All series of a metric. */
interface Series<Name extends string> {
  readonly name: Name;
  readonly observable: Observable;
  /** Returns the attributes of the series with a value. */
  readonly attributesOf: (value: string) => Readonly<Record<string, string>>;
}

type MetricText = Pick<Metric, "unit" | "description">;

function seriesOf<Name extends string>(
  metrics: Readonly<Record<Name, Metric>>,
  create: (name: Name, options: MetricText) => Observable,
): Series<Name>[] {
  return Object.entries<Metric>(metrics).map(([key, metric]) => {
    const name = key as Name;
    const { by, fixed } = metric;
    const attributesOf = (value: string): Record<string, string> => ({
      ...fixed,
      ...(by && { [by]: value }),
    });
    return { name, observable: create(name, textOf(metric)), attributesOf };
  });
}

function textOf({ unit, description }: Metric): MetricText {
  return { unit, description };
}

const sums = new WeakMap<Meter, ProcessSum>();

function sumOf(meter: Meter): ProcessSum {
  const sum = sums.get(meter) ?? new ProcessSum(meter);
  sums.set(meter, sum);
  return sum;
}
