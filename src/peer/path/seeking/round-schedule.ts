import { activeRoundMs, idleRoundMs, maxRoundsPerMinute, roundTimesMs } from "../../../defaults/index.ts";
import { minute } from "../../../defaults/units.ts";

/** When the rounds of a connection begin: at their times, and on request, at most 4 in a minute. */
export class RoundSchedule {
  #startMs: number | undefined;
  /** How many of the first rounds' times are over. */
  #step = 0;
  /** The latest of those times, and of the rounds that have begun. */
  #lastMs = 0;
  #isActive = true;
  /** When a round was asked for that has not begun. */
  #requestedMs: number | undefined;
  /** Times of the last 4 rounds. */
  readonly #begunMs: number[] = [];
  #refused = 0;

  /** Rounds that the limit did not let begin in time. One round stands for all that wait. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether {@link start} was called. */
  get isStarted(): boolean {
    return this.#startMs !== undefined;
  }

  /** Time at which {@link take} is to be called next, infinite before the start. */
  get nextMs(): number {
    const requested =
      this.#requestedMs === undefined ? Infinity : Math.max(this.#requestedMs, this.#allowedMs);
    return Math.min(this.#stepMs, requested);
  }

  /** Has the first rounds at their times, counted from now. The first is now. */
  start(nowMs: number): void {
    this.#startMs = nowMs;
    this.#lastMs = nowMs;
    this.#step = 1;
    this.request(nowMs);
  }

  /** Asks for a round at once, or as soon as the limit allows. */
  request(nowMs: number): void {
    if (this.#allowedMs > nowMs) this.#refused++;
    this.#requestedMs ??= nowMs;
  }

  /** Tells whether the relay carries data: if so, rounds come at the first times, and then each minute, else each hour. */
  setActive(isActive: boolean): void {
    this.#isActive = isActive;
  }

  /**
   * Reports whether a round begins now.
   *
   * @param isOpen whether a round is going on. A scheduled one is then left out: the other peer's message has begun it early.
   */
  take(nowMs: number, isOpen: boolean): boolean {
    if (this.#stepMs <= nowMs) {
      this.#step++;
      this.#lastMs = nowMs;
      if (!isOpen) this.request(nowMs);
    }
    if (this.#requestedMs === undefined || this.#allowedMs > nowMs) return false;
    this.#requestedMs = undefined;
    this.#lastMs = nowMs;
    this.#begunMs.push(nowMs);
    if (this.#begunMs.length > maxRoundsPerMinute) this.#begunMs.shift();
    return true;
  }

  /** Time of the next scheduled round. */
  get #stepMs(): number {
    if (this.#startMs === undefined) return Infinity;
    const time = roundTimesMs[this.#step];
    if (this.#isActive && time !== undefined) return this.#startMs + time;
    return this.#lastMs + (this.#isActive ? activeRoundMs : idleRoundMs);
  }

  /** Time from which the limit allows a round. */
  get #allowedMs(): number {
    return this.#begunMs.length < maxRoundsPerMinute ? -Infinity : this.#begunMs[0]! + minute;
  }
}
