import { sampleBatch, sampleIdleMs, sampleIntervalMs } from "../../defaults/index.ts";
import type { Forwarder, Path, Traffic } from "../../forwarder/index.ts";
import type { TrafficRate } from "../../protocol.ts";
import type { Registration, Registry } from "../../registry/index.ts";
import { RateTable, type SessionRate } from "./rate-table.ts";

/** Packets and bytes per second, by forwarding path. */
export type PathRates = Readonly<Record<Path, TrafficRate>>;

/** Traffic so far, by forwarder, at a time by a clock that does not jump. */
export interface PathSample {
  readonly path: Readonly<Record<Path, Traffic>>;
  readonly atMs: number;
}

/** Current rates, from counters sampled every `defaults.sampleIntervalMs` while there is demand. The caller closes it. */
export class Rates {
  readonly #forwarder: Pick<Forwarder, "stats" | "sampleSessions">;
  readonly #registry: Pick<Registry, "all">;
  readonly #watchers = new Set<() => void>();
  readonly #ids = new Uint32Array(sampleBatch);
  readonly #figures = new Float64Array(3 * sampleBatch);
  #table = new RateTable();
  #timer: NodeJS.Timeout | undefined;
  #nextSlice: NodeJS.Immediate | undefined;
  #askedAtMs = 0;
  #before: PathSample | undefined;
  #paths: PathRates | null = null;

  constructor(forwarder: Pick<Forwarder, "stats" | "sampleSessions">, registry: Pick<Registry, "all">) {
    this.#forwarder = forwarder;
    this.#registry = registry;
  }

  /** Starts sampling, or extends it, for `defaults.sampleIdleMs` from now. */
  ask(): void {
    this.#askedAtMs = performance.now();
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#tick(), sampleIntervalMs).unref();
    this.#tick();
  }

  /** Calls `onSample` after each sample. Sampling continues until the returned function is called. */
  watch(onSample: () => void): () => void {
    this.#watchers.add(onSample);
    this.ask();
    return () => void this.#watchers.delete(onSample);
  }

  /** Returns the rate of a registration; `undefined` until the second sample. */
  of({ session, ordinal }: Registration): SessionRate | undefined {
    return this.#table.get(session, ordinal);
  }

  /** Rates of all traffic, by forwarding path; `null` until the second sample. */
  get paths(): PathRates | null {
    return this.#paths;
  }

  /** Stops sampling and discards the samples. Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#nextSlice);
    this.#timer = this.#nextSlice = this.#before = undefined;
    this.#paths = null;
    this.#table = new RateTable();
  }

  #tick(): void {
    if (this.#watchers.size > 0) this.#askedAtMs = performance.now();
    if (performance.now() - this.#askedAtMs > sampleIdleMs) this.close();
    // A round that exceeds the interval is completed before the next one begins.
    else if (!this.#nextSlice) this.#sample();
  }

  #sample(): void {
    const now = { path: this.#forwarder.stats().path, atMs: performance.now() };
    if (this.#before) this.#paths = pathRates(this.#before, now);
    this.#before = now;
    this.#sampleSlice(this.#registry.all());
  }

  #sampleSlice(pending: Iterator<Registration>): void {
    const slice: Registration[] = [];
    for (let next = pending.next(); !next.done; next = pending.next()) {
      this.#ids[slice.length] = next.value.session;
      if (slice.push(next.value) === sampleBatch) break;
    }
    this.#take(slice);
    const isLast = slice.length < sampleBatch;
    this.#nextSlice = isLast ? undefined : setImmediate(() => this.#sampleSlice(pending));
    if (isLast) for (const onSample of this.#watchers) onSample();
  }

  #take(slice: readonly Registration[]): void {
    const figures = this.#figures;
    this.#forwarder.sampleSessions(this.#ids.subarray(0, slice.length), figures);
    const atMs = performance.now();
    for (const [i, { session, ordinal }] of slice.entries()) {
      const [packets, bytes, packetsOffloaded] = [figures[3 * i]!, figures[3 * i + 1]!, figures[3 * i + 2]!];
      this.#table.put(session, { ordinal, packets, bytes, packetsOffloaded, atMs });
    }
  }
}

/** Returns the traffic per second between two samples. */
export function pathRates(before: PathSample, now: PathSample): PathRates {
  const seconds = Math.max(1, now.atMs - before.atMs) / 1000;
  const rateOf = (path: Path): TrafficRate => ({
    packetsPerSecond: Math.round((now.path[path].packets - before.path[path].packets) / seconds),
    bytesPerSecond: Math.round((now.path[path].bytes - before.path[path].bytes) / seconds),
  });
  return { kernel: rateOf("kernel"), user: rateOf("user") };
}
