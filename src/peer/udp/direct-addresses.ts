import { type Address, plainIp, splitZone } from "../../wire/address.ts";
import type { UdpPort } from "./contract.ts";

/** A further local port, from which all is sent that goes to an address of another peer's. */
export interface DirectWay {
  /** Keeps it for as long as anybody else takes packets from that address. */
  release(): void;
  /** Gives the port back at once, as it does not lead there. */
  close(): void;
}

/** A connection that takes packets from addresses. */
export interface AddressHolder {
  /** Whether one of its checks was answered from an address. Those that have only sent one may be anybody's. */
  isProven(address: Address): boolean;
}

/** Returns an address as a key, in its normal form and without its zone, as a port reports it. */
export function keyOfAddress({ address, port }: Address): string {
  return `${plainIp(splitZone(address)[0])} ${port}`;
}

interface Entry {
  readonly address: Address;
  /** Whoever allows it, as often as it does. */
  readonly holders: AddressHolder[];
}

/** Addresses of other peers that a socket takes datagrams of any kind from. */
export class DirectAddresses {
  readonly #port: UdpPort;
  readonly #onChange: () => void;
  readonly #entries = new Map<string, Entry>();

  constructor(port: UdpPort, onChange: () => void) {
    this.#port = port;
    this.#onChange = onChange;
  }

  get all(): readonly Address[] {
    return Array.from(this.#entries.values(), ({ address }) => address);
  }

  has(address: Address): boolean {
    return this.#entries.has(keyOfAddress(address));
  }

  /** Takes an address until the returned function is called. */
  allow(address: Address, holder: AddressHolder): () => void {
    const key = keyOfAddress(address);
    const entry = this.#entries.get(key) ?? { address, holders: [] };
    this.#entries.set(key, entry);
    if (entry.holders.push(holder) === 1) this.#onChange();
    let isAllowed = true;
    return () => {
      if (!isAllowed) return;
      isAllowed = false;
      entry.holders.splice(entry.holders.indexOf(holder), 1);
      if (entry.holders.length > 0) return;
      this.#entries.delete(key);
      this.#port.removeSocket?.(address);
      this.#onChange();
    };
  }

  /** Does the same, and sends what goes there from another local port; `undefined` if that is not to be had. */
  allowFrom(localPort: number, address: Address, holder: AddressHolder): DirectWay | undefined {
    const holders = this.#entries.get(keyOfAddress(address))?.holders ?? [];
    if (holders.some((each) => each !== holder && each.isProven(address))) return undefined;
    if (!this.#port.addSocket?.(localPort, address)) return undefined;
    const release = this.allow(address, holder);
    const close = (): void => {
      this.#port.removeSocket?.(address);
      release();
    };
    return { release, close };
  }
}
