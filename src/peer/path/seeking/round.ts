import {
  checkAnswerMs,
  checkLadderMs,
  checkPaceMs,
  maxRoundChecks,
  openerMs,
} from "../../../defaults/index.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

/** An address of the other peer in a round (RFC 8445 §6.1.2.2: with the socket, a pair). */
interface Target {
  readonly address: Address;
  /** Time from which the ladder counts. */
  originMs: number;
  /** When it is sent checks, in ms after the first. */
  readonly ladder: readonly number[];
  /** Whether a request came from it. It stays when the candidates are replaced. */
  isHeard: boolean;
  /** Whether it was sent an opener alone. */
  isAwaited: boolean;
  /** Place of the next check in the ladder. */
  rung: number;
  /** Infinite if no more are sent. */
  nextMs: number;
}

/** One try to punch: which address is sent which of its checks, and when; 8 at each of 8 addresses, or 64 otherwise. */
export class Round {
  readonly #targets = new Map<string, Target>();
  readonly #openUntilMs: number;
  #lastCheckMs: number;
  /** Checks that there is still room for. */
  #room: number = maxRoundChecks;
  /** When the next address may begin. */
  #paceMs: number;
  /** Whether the other peer has not said that it has begun. */
  #isAwaited: boolean;

  /** @param isAwaited whether the other peer has yet to begin: first checks are openers then, until {@link meet}. */
  constructor(nowMs: number, isAwaited = false) {
    this.#paceMs = nowMs;
    this.#isAwaited = isAwaited;
    this.#openUntilMs = this.#lastCheckMs = nowMs + this.#lengthMs(checkLadderMs);
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

  /**
   * Adds an address, or leaves it as it is. Reports whether the round has it, which it has not if it is full.
   *
   * @param ladder when it is sent checks, in ms after the first.
   */
  join(address: Address, nowMs: number, ladder: readonly number[] = checkLadderMs): boolean {
    if (this.#targets.has(formatAddress(address))) return true;
    const startMs = Math.max(nowMs, this.#paceMs);
    if (!this.#add({ address, ladder, isHeard: false }, startMs)) return false;
    this.#paceMs = startMs + checkPaceMs;
    return true;
  }

  /**
   * Has an address checked at once, as a request came from it (RFC 8445 §7.3.1.4): the way here is open, and the way back may
   * be. One that is there already is sent its next check early. Reports whether the round has it.
   */
  hear(address: Address, nowMs: number): boolean {
    const target = this.#targets.get(formatAddress(address));
    if (!target) return this.#add({ address, ladder: checkLadderMs, isHeard: true }, nowMs);
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
      if (target.isAwaited) target.originMs = nowMs + openerMs - target.ladder[1]!;
      advance(target, nowMs);
    }
    return due.map(({ address }) => address);
  }

  /** Reports whether what was {@link due} to an address last was an opener: a check for this side's NAT, which need not arrive. */
  isOpener(address: Address): boolean {
    return this.#targets.get(formatAddress(address))?.isAwaited === true;
  }

  #add(target: Pick<Target, "address" | "ladder" | "isHeard">, startMs: number): boolean {
    const { address, ladder } = target;
    if (ladder.length > this.#room) return false;
    this.#room -= ladder.length;
    const place = { isAwaited: false, rung: 0, originMs: startMs, nextMs: startMs };
    this.#targets.set(formatAddress(address), { ...target, ...place });
    this.#lastCheckMs = Math.max(this.#lastCheckMs, startMs + this.#lengthMs(ladder));
    return true;
  }

  /** Time from the first check to an address to the last, at most. */
  #lengthMs(ladder: readonly number[]): number {
    return ladder.at(-1)! + (this.#isAwaited ? Math.max(0, openerMs - ladder[1]!) : 0);
  }
}

/** Sends what follows an opener now. */
function follow(target: Target, nowMs: number): void {
  if (!target.isAwaited || target.nextMs === Infinity) return;
  target.isAwaited = false;
  target.originMs = nowMs - target.ladder[1]!;
  target.nextMs = nowMs;
}

function advance(target: Target, nowMs: number): void {
  do {
    target.rung++;
    target.nextMs = target.originMs + (target.ladder[target.rung] ?? Infinity);
  } while (target.nextMs <= nowMs);
}
