import { virtualAddressQuarantineMs } from "../defaults.ts";

/** 127.1.0.1 to 127.255.255.254 without .0 and .255: 127.0.0.0/16 is left to the system and its services. */
const hosts = 254;

/** How many virtual addresses there are. */
export const virtualAddressCount: number = 255 * 256 * hosts;

/**
 * Gives out addresses of 127.0.0.0/8, one after the other from a starting point, so that one comes up again
 * as late as possible, and not before it has rested.
 */
export class VirtualAddresses {
  #cursor: number;
  readonly #count: number;
  readonly #used = new Set<string>();
  /** When each released address may be used again, in ms; the oldest first. */
  readonly #resting = new Map<string, number>();

  /**
   * @param start from 0 to `count` − 1; random in practice, so that a restarted relay uses other addresses.
   * @param count how many there are to give out.
   */
  constructor(start: number, count: number = virtualAddressCount) {
    this.#cursor = start;
    this.#count = count;
  }

  /** The next free address; `undefined` if all are in use or resting. */
  take(nowMs: number): string | undefined {
    this.#endRests(nowMs);
    if (this.#used.size + this.#resting.size >= this.#count) return undefined;
    let address: string;
    do {
      address = virtualAddress(this.#cursor);
      this.#cursor = (this.#cursor + 1) % this.#count;
    } while (this.#used.has(address) || this.#resting.has(address));
    this.#used.add(address);
    return address;
  }

  release(address: string, nowMs: number): void {
    if (this.#used.delete(address)) this.#resting.set(address, nowMs + virtualAddressQuarantineMs);
  }

  #endRests(nowMs: number): void {
    for (const [address, untilMs] of this.#resting) {
      if (untilMs > nowMs) return;
      this.#resting.delete(address);
    }
  }
}

function virtualAddress(index: number): string {
  const host = index % hosts;
  const net = Math.floor(index / hosts);
  return `127.${(net >> 8) + 1}.${net & 0xff}.${host + 1}`;
}
