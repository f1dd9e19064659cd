import type { PeerAddress } from "../../wire/address.ts";
import { AddressMap } from "./address-map.ts";

/** A map keyed by a peer's address and the address of this host that its packets come to. */
export class PathMap<T> {
  readonly #byLocal = new Map<string | undefined, AddressMap<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ address, port, local }: PeerAddress): T | undefined {
    return this.#byLocal.get(local)?.get(address, port);
  }

  set({ address, port, local }: PeerAddress, value: T): void {
    const peers = this.#byLocal.get(local) ?? new AddressMap<T>();
    this.#byLocal.set(local, peers);
    this.#size -= peers.size;
    peers.set(address, port, value);
    this.#size += peers.size;
  }

  delete({ address, port, local }: PeerAddress): void {
    const peers = this.#byLocal.get(local);
    if (!peers) return;
    this.#size -= peers.size;
    peers.delete(address, port);
    this.#size += peers.size;
    // An address that this host no longer has leaves nothing behind.
    if (peers.size === 0) this.#byLocal.delete(local);
  }

  /** Returns all values as they are now. The map may be changed meanwhile. */
  values(): T[] {
    return [...this.#byLocal.values()].flatMap((peers) => peers.values());
  }
}
