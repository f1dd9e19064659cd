import { checkAnswerMs, checkLadderMs, checkPaceMs, maxRoundChecks } from "../../../defaults/index.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

/** Time from the first check to an address to the last, in ms. */
const ladderMs: number = checkLadderMs.at(-1)!;

/** An address of the other peer in a round (RFC 8445 §6.1.2.2: with the socket, a pair). */
interface Target {
  readonly address: Address;
  readonly startMs: number;
  /** When it is sent checks, in ms after the first. */
  readonly ladder: readonly number[];
  /** Whether a request came from it. It stays when the candidates are replaced. */
  isHeard: boolean;
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

  constructor(nowMs: number) {
    this.#paceMs = nowMs;
    this.#openUntilMs = this.#lastCheckMs = nowMs + ladderMs;
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
    if (!this.#add({ address, startMs, ladder, isHeard: false })) return false;
    this.#paceMs = startMs + checkPaceMs;
    return true;
  }

  /**
   * Has an address checked at once, as a request came from it (RFC 8445 §7.3.1.4): the way here is open, and the way back may
   * be. One that is there already is sent its next check early. Reports whether the round has it.
   */
  hear(address: Address, nowMs: number): boolean {
    const target = this.#targets.get(formatAddress(address));
    if (!target) return this.#add({ address, startMs: nowMs, ladder: checkLadderMs, isHeard: true });
    target.isHeard = true;
    if (target.nextMs !== Infinity) target.nextMs = Math.min(target.nextMs, nowMs);
    return true;
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
    for (const target of due) advance(target, nowMs);
    return due.map(({ address }) => address);
  }

  #add(target: Omit<Target, "rung" | "nextMs">): boolean {
    const { address, startMs, ladder } = target;
    if (ladder.length > this.#room) return false;
    this.#room -= ladder.length;
    this.#targets.set(formatAddress(address), { ...target, rung: 0, nextMs: startMs });
    this.#lastCheckMs = Math.max(this.#lastCheckMs, startMs + ladder.at(-1)!);
    return true;
  }
}

function advance(target: Target, nowMs: number): void {
  do {
    target.rung++;
    target.nextMs = target.startMs + (target.ladder[target.rung] ?? Infinity);
  } while (target.nextMs <= nowMs);
}
