import * as defaults from "../../../defaults/index.ts";

/**
 * How far a direct path is relied on. `trusted`: its packets go that way alone. `suspect`: they go both ways, and it is asked all
 * the time. `parked`: nothing is under way; what comes first will go both ways. `lost`: they go by the relay.
 */
export type Standing = "trusted" | "suspect" | "parked" | "lost";

/**
 * Watches the direct path in use. Events and a clock come in, the standing and the times of checks come out.
 *
 * Doubt is cheap, as packets then go both ways, so it comes with the first sign: a probe timeout, a check without an answer,
 * packets of the other side that take both ways. The path is lost only if checks stay unanswered while the relay shows that the other
 * side is there. Silence of an idle path is no sign of anything.
 */
export class PathWatch {
  #standing: Standing = "trusted";
  readonly #keepsWarm: boolean;
  #rttMs: number;
  #dataAtMs: number;
  #checkedAtMs: number;
  #answeredAtMs: number;
  #hasConsent = true;
  /** When the checks left that may still be answered. */
  #pending: number[] = [];
  #trustedAtMs = -Infinity;
  #answeredInRow = 0;
  #neededAnswers: number = defaults.answersToTrust;
  #missedInRow = 0;
  #heardByRelayAtMs = -Infinity;

  /** @param keepsWarm whether this side sends the checks that keep a parked path: one of the two does. */
  constructor(rttMs: number, keepsWarm: boolean, nowMs: number) {
    this.#rttMs = rttMs;
    this.#keepsWarm = keepsWarm;
    this.#dataAtMs = nowMs;
    this.#checkedAtMs = nowMs;
    this.#answeredAtMs = nowMs;
  }

  /** Whether an answer of the last 30 s shows that the other side wants packets there. Without it only checks go there (RFC 7675 §5.1). */
  get hasConsent(): boolean {
    return this.#hasConsent;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Smoothed round trip of the checks, in ms (RFC 9002 §5.3). */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** Data of the application moves, in either direction. */
  moved(nowMs: number): void {
    this.#dataAtMs = nowMs;
    if (this.#standing === "parked") this.#doubt(nowMs);
  }

  /** A sign that packets do not arrive. */
  doubt(nowMs: number): void {
    this.#dataAtMs = nowMs;
    if (this.#standing === "trusted" || this.#standing === "parked") this.#doubt(nowMs);
  }

  /** A check of the other side has come from there: it wants packets as well. */
  checked(nowMs: number): void {
    if (this.#standing === "parked") this.#answeredAtMs = nowMs;
  }

  /** The other side is there: something of it has come by the relay. */
  heardByRelay(nowMs: number): void {
    this.#heardByRelayAtMs = nowMs;
  }

  /** The path is known to be gone. */
  lose(): void {
    this.#standing = "lost";
  }

  /** A check that left at a time was answered. One that comes late shows that the path is slow, or a process busy, and not lost. */
  answered(sentAtMs: number, nowMs: number): void {
    this.#rttMs += (nowMs - sentAtMs - this.#rttMs) / 8;
    this.#answeredAtMs = nowMs;
    this.#hasConsent = true;
    this.#missedInRow = 0;
    if (!this.#pending.includes(sentAtMs)) return;
    this.#pending = this.#pending.filter((at) => at > sentAtMs);
    this.#answeredInRow++;
    if (this.#standing === "suspect" && this.#answeredInRow >= this.#neededAnswers) this.#trust(nowMs);
  }

  /** Takes note of the time, and returns whether a check is due. The caller sends it. */
  advance(nowMs: number): boolean {
    this.#count(nowMs);
    this.#park(nowMs);
    this.#hasConsent = nowMs < this.#consentEndMs;
    if (this.#standing === "lost" || nowMs < this.#nextCheckMs) return false;
    this.#checkedAtMs = nowMs;
    this.#pending.push(nowMs);
    return true;
  }

  /** When {@link advance} is due; `Infinity` if never. */
  get deadlineMs(): number {
    if (this.#standing === "lost") return Infinity;
    const parkMs = this.#standing === "parked" ? Infinity : this.#dataAtMs + defaults.parkAfterMs;
    const missMs = this.#pending.length > 0 ? this.#pending[0]! + this.#patienceMs : Infinity;
    const consentMs = this.#hasConsent ? this.#consentEndMs : Infinity;
    return Math.min(this.#nextCheckMs, parkMs, missMs, consentMs);
  }

  get #consentEndMs(): number {
    return this.#answeredAtMs + defaults.consentMs;
  }

  get #nextCheckMs(): number {
    if (this.#standing === "suspect") return this.#checkedAtMs + defaults.suspectCheckMs;
    if (this.#standing === "trusted") return this.#checkedAtMs + defaults.trustedCheckMs;
    if (!this.#keepsWarm) return Infinity;
    const nextMs = this.#checkedAtMs + defaults.keepaliveMs;
    return nextMs <= this.#dataAtMs + defaults.warmMs ? nextMs : Infinity;
  }

  /** How long a check may take. A lost path is left soon, one in good standing is given the time of a slow answer. */
  get #patienceMs(): number {
    const { trusted, suspect } = defaults.checkPatience;
    const { leastMs, roundTrips } = this.#standing === "suspect" ? suspect : trusted;
    return Math.max(leastMs, roundTrips * this.#rttMs);
  }

  #trust(nowMs: number): void {
    this.#standing = "trusted";
    this.#trustedAtMs = nowMs;
  }

  #doubt(nowMs: number): void {
    // Checks may get through where packets do not: then each doubt takes more answers than the last.
    const isAgain = nowMs - this.#trustedAtMs < defaults.reassuredMs;
    const { answersToTrust, mostAnswersToTrust } = defaults;
    this.#neededAnswers = isAgain ? Math.min(2 * this.#neededAnswers, mostAnswersToTrust) : answersToTrust;
    this.#standing = "suspect";
    this.#answeredInRow = 0;
    this.#missedInRow = 0;
    // Those that have left tell about the time before.
    this.#pending = [];
    this.#checkedAtMs = nowMs - defaults.suspectCheckMs;
  }

  #count(nowMs: number): void {
    const overdue = this.#pending.filter((at) => nowMs - at >= this.#patienceMs);
    if (overdue.length === 0) return;
    this.#pending.splice(0, overdue.length);
    if (this.#standing === "parked") return;
    if (this.#standing === "trusted") return this.#doubt(nowMs);
    this.#answeredInRow = 0;
    // A silence of both ways is the other side's: it sleeps, or its process stands still.
    this.#missedInRow += overdue.filter((at) => this.#heardByRelayAtMs > at).length;
    if (this.#missedInRow >= defaults.missesToLose) this.#standing = "lost";
  }

  #park(nowMs: number): void {
    if (this.#standing === "lost" || nowMs - this.#dataAtMs < defaults.parkAfterMs) return;
    if (this.#standing !== "parked") this.#pending = [];
    this.#standing = "parked";
  }
}
