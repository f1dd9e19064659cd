import {
  checkLadderMs,
  guessLadderMs,
  maxRoundChecks,
  maxRoundTargets,
  unprovenChecksPerSecond,
} from "../../../defaults/index.ts";
import { TokenBucket } from "../../../token-bucket.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";
import type { RelayReason } from "../policy.ts";
import { Round } from "./round.ts";
import { RoundSchedule } from "./round-schedule.ts";

/** Creates the limit that the checklists of a process share: 200 checks per second at addresses that are not proven. */
export function createCheckLimit(nowMs: number): TokenBucket {
  return new TokenBucket(unprovenChecksPerSecond, unprovenChecksPerSecond, nowMs);
}

/** What limits have kept from being sent or begun. */
export interface WithheldChecks {
  /** Addresses that found no place among the 8 of a round. */
  readonly targets: number;
  /** Rounds that had to wait, as 4 began within a minute. */
  readonly rounds: number;
  /** Checks that the limit of the process left out: 200 a second at addresses that have not answered. */
  readonly checks: number;
  /** Talks about paths that were ended, as the other side said too much, or nothing that makes sense. */
  readonly talks: number;
}

/**
 * Decides which addresses of the other peer are sent a check, and when: all that one connection does to punch. Addresses are
 * judged before they get here.
 */
export class Checklist {
  readonly #limit: TokenBucket;
  readonly #schedule = new RoundSchedule();
  /** Addresses that have answered, the latest last. */
  readonly #proven = new Set<string>();
  #candidates: readonly Address[] = [];
  /** Addresses that the other peer's NAT may give, of which most are wrong. */
  #guesses: readonly Address[] = [];
  #round: Round | undefined;
  #number = 0;
  /** Number of the latest round that either peer has begun or asked for. */
  #announced = 0;
  /** Number of the latest round that the other peer has begun. */
  #theirs = 0;
  #isAnswered = false;
  #exhausted: RelayReason | undefined;
  #withheldTargets = 0;
  #withheldChecks = 0;

  /** @param limit of {@link createCheckLimit}. */
  constructor(limit: TokenBucket) {
    this.#limit = limit;
  }

  /** Number of the latest round; 0 before the first. The other peer is told when it changes. */
  get round(): number {
    return this.#number;
  }

  /** Why no address has answered, once the first round is over; `undefined` until then, and if one has. */
  get exhausted(): RelayReason | undefined {
    return this.#exhausted;
  }

  get withheld(): Omit<WithheldChecks, "talks"> {
    return { targets: this.#withheldTargets, rounds: this.#schedule.refused, checks: this.#withheldChecks };
  }

  /** Begins a round that this peer or the other one has announced, unless one of that number has begun. */
  start(round: number, nowMs: number): void {
    if (round <= this.#announced) return;
    this.#announced = round;
    if (this.#schedule.isStarted) this.#schedule.request(nowMs);
    else this.#schedule.start(nowMs);
    this.#turn(nowMs);
  }

  /** The other peer has begun a round: so does this one, and all that it sends may arrive. */
  meet(round: number, nowMs: number): void {
    this.#theirs = Math.max(this.#theirs, round);
    this.start(round, nowMs);
    if (this.#theirs >= this.#number) this.#round?.meet(nowMs);
  }

  /** Begins anew on another network: nothing is proven there. */
  restart(nowMs: number): void {
    if (!this.#schedule.isStarted) return;
    this.#proven.clear();
    this.#round = undefined;
    this.#isAnswered = false;
    this.#exhausted = undefined;
    this.#schedule.start(nowMs);
    this.#turn(nowMs);
  }

  /** Tells whether the relay carries data, and how often rounds come thereby. */
  setActive(isActive: boolean): void {
    this.#schedule.setActive(isActive);
  }

  /** Replaces the other peer's candidates, and the guesses, which have their room first. New ones join the round that is open, or begin one. */
  setCandidates(candidates: readonly Address[], nowMs: number, guesses: readonly Address[] = []): void {
    const former = new Set(this.#addresses.map(formatAddress));
    const room = maxRoundChecks - guesses.length * guessLadderMs.length;
    this.#candidates = candidates.slice(0, Math.trunc(room / checkLadderMs.length));
    this.#guesses = guesses;
    this.#withheldTargets += candidates.length - this.#candidates.length;
    this.#round?.retain(this.#addresses);
    if (!this.#schedule.isStarted || this.#join(nowMs)) return;
    if (this.#addresses.every((address) => former.has(formatAddress(address)))) return;
    this.#schedule.request(nowMs);
    this.#turn(nowMs);
  }

  /**
   * Checks back where a valid request came from (RFC 8445 §7.3.1.4), at once: NATs have addresses that no candidate tells. A
   * round begins if none is open, or if it is full.
   */
  heard(address: Address, nowMs: number): void {
    if (this.#proven.has(formatAddress(address))) return;
    const isOpen = this.#round?.isOpen(nowMs) === true;
    if (isOpen && this.#round!.hear(address, nowMs)) return;
    if (isOpen) this.#withheldTargets++;
    if (this.#schedule.isStarted) this.#schedule.request(nowMs);
    else this.#schedule.start(nowMs);
    this.#turn(nowMs, address);
  }

  /** An address has answered a check, and is proven. */
  answered(address: Address): void {
    const text = formatAddress(address);
    this.#proven.delete(text);
    this.#proven.add(text);
    // More than anyone has paths. A forgotten one counts as unproven.
    if (this.#proven.size > maxRoundTargets) this.#proven.delete(this.#proven.values().next().value!);
    this.#isAnswered = true;
    this.#exhausted = undefined;
    this.#round?.settle(address);
  }

  /** An address answers no more, and is not proven. */
  forget(address: Address): void {
    this.#proven.delete(formatAddress(address));
  }

  /** Returns the addresses to send a check to now. */
  due(nowMs: number): Address[] {
    this.#turn(nowMs);
    if (!this.#round) return [];
    const due = this.#round.due(nowMs).filter((address) => this.#isWithinLimit(address, nowMs));
    if (nowMs >= this.#verdictMs) this.#exhausted = this.#round.isEmpty ? "no-candidates" : "checks-timeout";
    return due;
  }

  /** Reports whether the check to an address that was {@link due} is for this side's NAT, and need not arrive. */
  isOpener(address: Address): boolean {
    return this.#round?.isOpener(address) === true;
  }

  /** Returns the time at which {@link due} is to be called next; `undefined` before the start. */
  deadline(): number | undefined {
    const next = Math.min(this.#schedule.nextMs, this.#round?.nextMs ?? Infinity, this.#verdictMs);
    return next === Infinity ? undefined : next;
  }

  get #addresses(): readonly Address[] {
    return [...this.#candidates, ...this.#guesses];
  }

  /** When it is known that nobody answers; infinite if that is known or wrong. */
  get #verdictMs(): number {
    const isAwaited = !this.#isAnswered && !this.#exhausted;
    return isAwaited && this.#round ? this.#round.endMs : Infinity;
  }

  /** Adds the candidates and the guesses to the round that is open. Reports whether that has them all. */
  #join(nowMs: number): boolean {
    const round = this.#round;
    if (!round?.isOpen(nowMs)) return false;
    const outside = [
      ...this.#candidates.filter((address) => !round.join(address, nowMs)),
      ...this.#guesses.filter((address) => !round.join(address, nowMs, guessLadderMs)),
    ];
    this.#withheldTargets += outside.length;
    return outside.length === 0;
  }

  /** Begins a round if it is time for one, with an address that was heard before all others. */
  #turn(nowMs: number, heard?: Address): void {
    if (!this.#schedule.take(nowMs, this.#round?.isOpen(nowMs) === true)) return;
    this.#number = this.#announced = Math.max(this.#number + 1, this.#announced);
    this.#round = new Round(nowMs, this.#theirs < this.#number);
    if (heard) this.#round.hear(heard, nowMs);
    this.#join(nowMs);
  }

  #isWithinLimit(address: Address, nowMs: number): boolean {
    if (this.#proven.has(formatAddress(address)) || this.#limit.take(1, nowMs)) return true;
    this.#withheldChecks++;
    return false;
  }
}
