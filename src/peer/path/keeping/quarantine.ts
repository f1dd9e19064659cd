import * as defaults from "../../../defaults/index.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

interface Rest {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/** Addresses that have failed. Each rests for a while, twice as long after each time, so that a bad path is not taken again and again. */
export class Quarantine {
  readonly #rests = new Map<string, Rest>();
  /** The address that is waited for, which answers already. */
  #awaited: Address | undefined;

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

  /** Waits for the end of an address's rest. Of several, the one that ends first counts. */
  await(address: Address): void {
    if (!this.#awaited || this.endMs(address) <= this.endMs(this.#awaited)) this.#awaited = address;
  }

  /** When {@link takeAwaited} returns an address; `Infinity` if none is waited for. */
  get awaitedMs(): number {
    return this.#awaited ? this.endMs(this.#awaited) : Infinity;
  }

  /** Returns the address that was waited for, once, when its rest is over. */
  takeAwaited(nowMs: number): Address | undefined {
    if (nowMs < this.awaitedMs) return undefined;
    const address = this.#awaited;
    this.#awaited = undefined;
    return address;
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
