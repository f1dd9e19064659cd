import * as defaults from "../../../defaults/index.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

/** The answers of an address that came close together. */
interface Answer {
  readonly address: Address;
  readonly rttMs: number;
  readonly atMs: number;
  readonly count: number;
  /** When somebody else's word had it asked, in ms. */
  readonly askedAtMs: number;
}

/** Addresses of the other peer that answer checks, and how soon. */
export class Answers {
  readonly #answers = new Map<string, Answer>();

  /** Takes note of an answer, and returns the shortest round trip and the number of those that came close together. */
  note(address: Address, sampleMs: number, nowMs: number): Answer {
    const last = this.#fresh(address, nowMs);
    // What is longer than others of the time is a wait in one of the processes.
    const rttMs = Math.min(last?.rttMs ?? Infinity, sampleMs);
    const askedAtMs = this.#answers.get(formatAddress(address))?.askedAtMs ?? -Infinity;
    const answer = { address, rttMs, atMs: nowMs, count: (last?.count ?? 0) + 1, askedAtMs };
    const key = formatAddress(address);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    // The other side may have as many addresses as it likes, one after the other.
    if (this.#answers.size > defaults.maxAcceptedAddresses)
      this.#answers.delete(this.#answers.keys().next().value!);
    return answer;
  }

  /** The last 8 that have answered, the latest last. */
  get addresses(): readonly Address[] {
    return Array.from(this.#answers.values(), ({ address }) => address);
  }

  has(address: Address): boolean {
    return this.#answers.has(formatAddress(address));
  }

  /** Reports whether to ask an address that has answered within 30 s and was not asked within a second, and takes note of it. */
  mayAsk(address: Address, nowMs: number): boolean {
    const key = formatAddress(address);
    const last = this.#answers.get(key);
    if (!last || nowMs - last.atMs >= defaults.consentMs || nowMs - last.askedAtMs < defaults.freshMs)
      return false;
    this.#answers.set(key, { ...last, askedAtMs: nowMs });
    return true;
  }

  /** Returns the round trip of an address that has answered just now; `undefined` for any other. */
  rttMs(address: Address, nowMs: number): number | undefined {
    return this.#fresh(address, nowMs)?.rttMs;
  }

  forget(address: Address): void {
    this.#answers.delete(formatAddress(address));
  }

  #fresh(address: Address, nowMs: number): Answer | undefined {
    const last = this.#answers.get(formatAddress(address));
    return last && nowMs - last.atMs < defaults.freshMs ? last : undefined;
  }
}
