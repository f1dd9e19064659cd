import { virtualAddressQuarantineMs } from "../defaults.ts";

/** 127.1.0.1 to 127.255.255.254 without .0 and .255: 127.0.0.0/16 is left to the system and its services. */
const hosts = 254;
const total: number = 255 * 256 * hosts;

/** How many virtual addresses there are. */
export const virtualAddressCount: number = total;

/**
 * Gives out addresses of 127.0.0.0/8, one after the other from a starting point, so that one comes up again
 * as late as possible, and not before it has rested.
 */
export class VirtualAddresses {
  #cursor: number;
  readonly #used = new Set<string>();
  /** When each released address may be used again, in ms; the oldest first. */
  readonly #resting = new Map<string, number>();

  /** @param start from 0 to {@link virtualAddressCount}; random, so that a restarted relay uses others. */
  constructor(start: number) {
    this.#cursor = start;
  }

  /** The next free address; there always is one while far fewer than 16 million are in use. */
  take(nowMs: number): string {
    this.#endRests(nowMs);
    let address: string;
    do {
      address = virtualAddress(this.#cursor);
      this.#cursor = (this.#cursor + 1) % total;
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
