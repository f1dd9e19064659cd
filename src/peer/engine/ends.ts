import * as defaults from "../../defaults/index.ts";

/**
 * When the ends of streams (FIN) that travel without data go out. quiche takes its side of a stream for complete
 * when the stream's data is acknowledged, and does not ask whether its end is, as RFC 9000 §3.1 has it (0.18 and
 * later ones: cloudflare/quiche#2525). It forgets a complete stream, and with it an end that has not gone out yet or
 * gets lost: the other peer would wait for it for good. An end in one frame with data is safe. One without is if
 * - nothing is in flight when it goes out, as acknowledgements make the engine forget, and
 * - the other direction is not read until it has arrived, as reading the last of that does so too.
 *
 * Where other traffic always keeps something in flight, time has to stand in for both.
 */
export class StreamEnds {
  /** Streams that were given data since the last packet. */
  readonly #fresh = new Set<number>();
  /** Ends that wait until nothing is in flight, and since when. */
  readonly #waiting = new Map<number, number>();
  /** Ends in flight, and since when. */
  readonly #inFlight = new Map<number, number>();
  #heardAtMs = -Infinity;
  /** Since when packets have come without a gap: only then does time tell that ours have arrived. */
  #busySinceMs = -Infinity;
  #hasDelayedRead = false;
  #mayResume = false;

  /** Whether no end waits or is in flight. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#inFlight.size === 0;
  }

  /** Whether there are ends that wait. */
  get areWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether a read was put off that may be made now. */
  get mayResume(): boolean {
    return this.#mayResume;
  }

  /** Notes that a stream has data to send. */
  wrote(id: number): void {
    this.#fresh.add(id);
  }

  /** Notes that a packet may have taken that data along. */
  onSend(): void {
    this.#fresh.clear();
  }

  /** Notes that a packet came. */
  onReceive(nowMs: number, roundTripMs: number): void {
    if (nowMs - this.#heardAtMs > roundTripMs) this.#busySinceMs = nowMs;
    this.#heardAtMs = nowMs;
  }

  /** Whether the end of a stream can go out in one frame with data. */
  hasCompany(id: number): boolean {
    return this.#fresh.has(id);
  }

  /** Puts an end off until {@link release}. */
  wait(id: number, nowMs: number): void {
    this.#waiting.set(id, nowMs);
  }

  /** Whether a stream must not be read yet; {@link mayResume} tells when it may. */
  delaysRead(id: number): boolean {
    const delays = this.#inFlight.has(id);
    this.#hasDelayedRead ||= delays;
    return delays;
  }

  /**
   * Returns the ends whose time has come. To be called when nothing is left to send: before that, a loss may have
   * been noticed and not been mended, with nothing in flight.
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

  /** Notes that reads are made again. */
  resumed(): void {
    this.#mayResume = false;
  }

  #resume(): void {
    this.#mayResume ||= this.#hasDelayedRead;
    this.#hasDelayedRead = false;
  }
}
