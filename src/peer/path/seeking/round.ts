import {
  checkAnswerMs,
  checkLadderMs,
  checkPaceMs,
  maxRoundTargets,
  openerMs,
} from "../../../defaults/index.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

/** Time from the first check to an address to the second, in ms. */
const secondRungMs: number = checkLadderMs[1]!;

/** An address of the other peer in a round (RFC 8445 §6.1.2.2: with the socket, a pair). */
interface Target {
  readonly address: Address;
  /** Time from which the ladder counts. */
  originMs: number;
  /** Whether a request came from it. It stays when the candidates are replaced. */
  isHeard: boolean;
  /** Whether it was sent an opener alone. */
  isAwaited: boolean;
  /** Place of the next check in the ladder. */
  rung: number;
  /** Infinite if no more are sent. */
  nextMs: number;
}

/** One try to punch: which of at most 8 addresses is sent which of its 8 checks, and when. */
export class Round {
  readonly #targets = new Map<string, Target>();
  readonly #openUntilMs: number;
  #lastCheckMs: number;
  /** When the next address may begin. */
  #paceMs: number;
  /** Whether the other peer has not said that it has begun. */
  #isAwaited: boolean;
  /** Time from the first check to an address to the last. */
  readonly #lengthMs: number;

  /** @param isAwaited whether the other peer has yet to begin: first checks are openers then, until {@link meet}. */
  constructor(nowMs: number, isAwaited = false) {
    this.#paceMs = nowMs;
    this.#isAwaited = isAwaited;
    this.#lengthMs = checkLadderMs.at(-1)! + (isAwaited ? openerMs - secondRungMs : 0);
    this.#openUntilMs = this.#lastCheckMs = nowMs + this.#lengthMs;
  }

  /** Whether the round has no address. */
  get isEmpty(): boolean {
    return this.#targets.size === 0;
  }

  /** Time of the next check, infinite if there is none. */
  get nextMs(): number {
    return Math.min(...[...this.#targets.values()].map(({ nextMs }) => nextMs), Infinity);
  }

  /** Time by which every check is answered, or will not be. */
  get endMs(): number {
    return this.#lastCheckMs + checkAnswerMs;
  }

  /** Reports whether addresses may still join. After that they begin a new round. */
  isOpen(nowMs: number): boolean {
    return nowMs < this.#openUntilMs;
  }

  /** Adds an address, or leaves it as it is. Reports whether the round has it, which it has not if it is full. */
  join(address: Address, nowMs: number): boolean {
    if (this.#targets.has(formatAddress(address))) return true;
    const startMs = Math.max(nowMs, this.#paceMs);
    if (!this.#add(address, startMs, false)) return false;
    this.#paceMs = startMs + checkPaceMs;
    return true;
  }

  /**
   * Has an address checked at once, as a request came from it (RFC 8445 §7.3.1.4): the way here is open, and the way back may
   * be. One that is there already is sent its next check early. Reports whether the round has it.
   */
  hear(address: Address, nowMs: number): boolean {
    const target = this.#targets.get(formatAddress(address));
    if (!target) return this.#add(address, nowMs, true);
    target.isHeard = true;
    follow(target, nowMs);
    if (target.nextMs !== Infinity) target.nextMs = Math.min(target.nextMs, nowMs);
    return true;
  }

  /** The other peer has begun: its NAT is open, and all that is sent now may arrive. */
  meet(nowMs: number): void {
    this.#isAwaited = false;
    for (const target of this.#targets.values()) follow(target, nowMs);
  }

  /** Sends no more to an address, as it has answered. */
  settle(address: Address): void {
    const target = this.#targets.get(formatAddress(address));
    if (target) target.nextMs = Infinity;
  }

  /** Sends no more to addresses that are neither among these nor heard. They keep their places: what was sent was sent. */
  retain(addresses: readonly Address[]): void {
    const kept = new Set(addresses.map(formatAddress));
    for (const [text, target] of this.#targets)
      if (!target.isHeard && !kept.has(text)) target.nextMs = Infinity;
  }

  /** Returns the addresses to send a check to now. A caller that comes late sends one check, not all that it missed. */
  due(nowMs: number): Address[] {
    const due = [...this.#targets.values()].filter(({ nextMs }) => nextMs <= nowMs);
    for (const target of due) {
      target.isAwaited = this.#isAwaited && target.rung === 0 && !target.isHeard;
      if (target.isAwaited) target.originMs = nowMs + openerMs - secondRungMs;
      advance(target, nowMs);
    }
    return due.map(({ address }) => address);
  }

  /** Reports whether what was {@link due} to an address last was an opener: a check for this side's NAT, which need not arrive. */
  isOpener(address: Address): boolean {
    return this.#targets.get(formatAddress(address))?.isAwaited === true;
  }

  #add(address: Address, startMs: number, isHeard: boolean): boolean {
    if (this.#targets.size >= maxRoundTargets) return false;
    const place = { isHeard, isAwaited: false, rung: 0, originMs: startMs, nextMs: startMs };
    this.#targets.set(formatAddress(address), { address, ...place });
    this.#lastCheckMs = Math.max(this.#lastCheckMs, startMs + this.#lengthMs);
    return true;
  }
}

/** Sends what follows an opener now. */
function follow(target: Target, nowMs: number): void {
  if (!target.isAwaited || target.nextMs === Infinity) return;
  target.isAwaited = false;
  target.originMs = nowMs - secondRungMs;
  target.nextMs = nowMs;
}

function advance(target: Target, nowMs: number): void {
  do {
    target.rung++;
    target.nextMs = target.originMs + (checkLadderMs[target.rung] ?? Infinity);
  } while (target.nextMs <= nowMs);
}
