import * as defaults from "../../defaults/index.ts";

/**
 * Schedules the ends of streams (FIN) that travel without data. quiche considers its side of a stream complete when the
 * stream's data is acknowledged, even if its end is not, contrary to RFC 9000 §3.1 (0.18 and later:
 * cloudflare/quiche#2525). It forgets a complete stream, and with it an end that has not gone out yet or gets lost. The
 * other peer would wait for that end forever. An end in one frame with data is safe. One without data is safe if
 * - nothing is in flight when the end goes out, as acknowledgements make the engine forget, and
 * - the other direction is not read until the end has arrived, as reading the last of it makes the engine forget too.
 *
 * If other traffic always keeps packets in flight, elapsed time stands in for both.
 */
export class StreamEnds {
  /** Streams that were given data since the last packet. */
  readonly #fresh = new Set<number>();
  /** Ends that wait until nothing is in flight, and since when. */
  readonly #waiting = new Map<number, number>();
  /** Ends in flight, and since when. */
  readonly #inFlight = new Map<number, number>();
  #heardAtMs = -Infinity;
  /** Start of the current run of packets without a gap. Only during such a run does time show that ends have arrived. */
  #busySinceMs = -Infinity;
  #hasDelayedRead = false;
  #mayResume = false;

  /** Whether no end waits or is in flight. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#inFlight.size === 0;
  }

  /** Whether any ends wait. */
  get areWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether a read that was put off may be made now. */
  get mayResume(): boolean {
    return this.#mayResume;
  }

  /** Notes that a stream has data to send. */
  wrote(id: number): void {
    this.#fresh.add(id);
  }

  /** Notes that a packet may have carried that data. */
  onSend(): void {
    this.#fresh.clear();
  }

  /** Notes that a packet came. */
  onReceive(nowMs: number, roundTripMs: number): void {
    if (nowMs - this.#heardAtMs > roundTripMs) this.#busySinceMs = nowMs;
    this.#heardAtMs = nowMs;
  }

  /** Reports whether the end of a stream can go out in one frame with data. */
  hasCompany(id: number): boolean {
    return this.#fresh.has(id);
  }

  /** Puts an end off until {@link release}. */
  wait(id: number, nowMs: number): void {
    this.#waiting.set(id, nowMs);
  }

  /** Reports whether a stream must not be read yet. {@link mayResume} becomes true when it may. */
  delaysRead(id: number): boolean {
    const delays = this.#inFlight.has(id);
    this.#hasDelayedRead ||= delays;
    return delays;
  }

  /**
   * Returns the ends that may go out now. Call it when nothing is left to send: before that, a loss may have been
   * detected but not repaired, with nothing in flight.
   */
  release(isNothingInFlight: boolean, nowMs: number, roundTripMs: number): number[] {
    const enoughMs = defaults.endRoundTrips * roundTripMs;
    const isOver = ([, sinceMs]: readonly [number, number]): boolean =>
      isNothingInFlight || this.#heardAtMs - Math.max(sinceMs, this.#busySinceMs) >= enoughMs;
    for (const [id] of [...this.#inFlight].filter(isOver)) this.#inFlight.delete(id);
    if (this.#inFlight.size === 0) this.#resume();
    const released = [...this.#waiting].filter(isOver).map(([id]) => id);
    for (const id of released) {
      this.#waiting.delete(id);
      this.#inFlight.set(id, nowMs);
    }
    return released;
  }

  /** Notes that reads have resumed. */
  resumed(): void {
    this.#mayResume = false;
  }

  #resume(): void {
    this.#mayResume ||= this.#hasDelayedRead;
    this.#hasDelayedRead = false;
  }
}
