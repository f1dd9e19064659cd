import * as defaults from "../../../defaults/index.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

interface Rest {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/** Addresses that have failed. Each rests for a while, twice as long after each time, so that a bad path is not taken again and again. */
export class Quarantine {
  readonly #rests = new Map<string, Rest>();

  add(address: Address, nowMs: number): void {
    const key = formatAddress(address);
    const [firstMs, longestMs] = defaults.quarantineMs;
    const lastMs = this.#rests.get(key)?.lengthMs ?? firstMs / 2;
    const lengthMs = Math.min(2 * lastMs, longestMs);
    // The oldest goes: the other side names addresses as it likes.
    if (this.#rests.size >= defaults.maxQuarantined) this.#rests.delete(this.#rests.keys().next().value!);
    this.#rests.set(key, { untilMs: nowMs + lengthMs, lengthMs });
  }

  has(address: Address, nowMs: number): boolean {
    return nowMs < this.endMs(address);
  }

  /** When an address may be used again. */
  endMs(address: Address): number {
    return this.#rests.get(formatAddress(address))?.untilMs ?? -Infinity;
  }

  /** Forgives all: the network has changed. */
  clear(): void {
    this.#rests.clear();
  }
}
