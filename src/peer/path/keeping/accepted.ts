import * as defaults from "../../../defaults/index.ts";
import { TokenBucket } from "../../../token-bucket.ts";
import { type Address, formatAddress } from "../../../wire/address.ts";

/** What is done with addresses. */
export interface AcceptedActions {
  accept(address: Address): void;
  refuse(address: Address): void;
}

/** Addresses of the other peer that packets are accepted from: the last 8 that proved to be its own. */
export class Accepted {
  readonly #actions: AcceptedActions;
  /** The latest last. */
  readonly #addresses = new Map<string, Address>();
  readonly #unproven = new TokenBucket(defaults.unprovenPerMinute / 60, defaults.unprovenPerMinute, 0);

  constructor(actions: AcceptedActions) {
    this.#actions = actions;
  }

  /** Adds an address that has sent a check but has answered none: few of them, as anybody who sees a check can send it from anywhere. */
  offer(address: Address, inUse: Address | undefined, nowMs: number): void {
    const isKnown = this.#addresses.has(formatAddress(address));
    if (isKnown || this.#unproven.take(1, nowMs)) this.add(address, inUse);
  }

  /** Adds an address. If there are too many, the oldest goes, but not the one in use. */
  add(address: Address, inUse: Address | undefined): void {
    const key = formatAddress(address);
    if (!this.#addresses.delete(key)) this.#actions.accept(address);
    this.#addresses.set(key, address);
    if (this.#addresses.size <= defaults.maxAcceptedAddresses) return;
    const kept = inUse && formatAddress(inUse);
    const [oldest, dropped] = [...this.#addresses].find(([text]) => text !== kept)!;
    this.#addresses.delete(oldest);
    this.#actions.refuse(dropped);
  }
}
