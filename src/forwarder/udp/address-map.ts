import type { PeerAddress } from "../../wire/address.ts";

/**
 * A map keyed by IP literal and port. It has two levels, because the socket provides the literal as a string and a lookup then
 * builds no key. Most addresses have one port only, and for them the second level is no map.
 */
export class AddressMap<T> {
  readonly #addresses = new Map<string, Ports<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(address: string, port: number): T | undefined {
    const ports = this.#addresses.get(address);
    return ports?.port === port ? ports.value : ports?.others?.get(port);
  }

  set(address: string, port: number, value: T): void {
    const ports = this.#addresses.get(address);
    if (ports?.port === port) {
      ports.value = value;
      return;
    }
    if (!ports?.others?.has(port)) this.#size++;
    if (!ports) this.#addresses.set(address, { port, value, others: undefined });
    else (ports.others ??= new Map()).set(port, value);
  }

  delete(address: string, port: number): void {
    const ports = this.#addresses.get(address);
    if (!ports) return;
    if (ports.port !== port) {
      if (ports.others?.delete(port)) this.#size--;
      return;
    }
    this.#size--;
    // Another port moves up, or the address goes.
    for (const [other, value] of ports.others ?? []) {
      ports.port = other;
      ports.value = value;
      ports.others?.delete(other);
      return;
    }
    this.#addresses.delete(address);
  }

  /** Returns all values as they are now. The map may be changed meanwhile. */
  values(): T[] {
    const values: T[] = [];
    for (const { value, others } of this.#addresses.values()) values.push(value, ...(others?.values() ?? []));
    return values;
  }
}

/** The first port of an address, and any others. */
interface Ports<T> {
  port: number;
  value: T;
  others: Map<number, T> | undefined;
}

/** A map keyed by a peer's address and the address of this host that its packets come to. */
export class PathMap<T> {
  readonly #byLocal = new Map<string | undefined, AddressMap<T>>();

  get({ address, port, local }: PeerAddress): T | undefined {
    return this.#byLocal.get(local)?.get(address, port);
  }

  set({ address, port, local }: PeerAddress, value: T): void {
    const peers = this.#byLocal.get(local) ?? new AddressMap<T>();
    this.#byLocal.set(local, peers);
    peers.set(address, port, value);
  }

  delete({ address, port, local }: PeerAddress): void {
    const peers = this.#byLocal.get(local);
    if (!peers) return;
    peers.delete(address, port);
    // An address that this host no longer has leaves nothing behind.
    if (peers.size === 0) this.#byLocal.delete(local);
  }

  /** Returns all values as they are now. The map may be changed meanwhile. */
  values(): T[] {
    return [...this.#byLocal.values()].flatMap((peers) => peers.values());
  }
}
