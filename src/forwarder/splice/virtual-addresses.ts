import { isIPv4, isIPv6 } from "node:net";
import { virtualAddressQuarantineMs } from "../../defaults/index.ts";
import { Permutation, type PermutationKey } from "./permutation.ts";
import { createSocket } from "node:dgram";
import type { Address } from "../../wire/address.ts";
import type { ClientsBy } from "../contract.ts";
import { literalLookup } from "../udp/udp-socket.ts";

/** 127.1.0.1 to 127.255.255.254 without .0 and .255. 127.0.0.0/16 is left to the system and its services. */
const hosts = 254;

/** Number of virtual addresses. */
export const virtualAddressCount: number = 255 * 256 * hosts;

/** Reports whether an IP literal is in the range of virtual addresses. */
export function isVirtualAddress(text: string): boolean {
  return isIPv4(text) && text.startsWith("127.") && !text.startsWith("127.0.");
}

/** Gives out addresses of 127.0.0.0/8 in an unpredictable order. Each comes up before one repeats, and none before it has rested. */
export class VirtualAddresses {
  #cursor = 0;
  readonly #count: number;
  readonly #permutation: Permutation;
  readonly #used = new Set<string>();
  /** Time from which each released address may be used again, in ms, the oldest first. */
  readonly #resting = new Map<string, number>();

  /**
   * @param key random in practice, so that a restarted relay uses other addresses.
   * @param count number of addresses to give out.
   */
  constructor(key: PermutationKey, count: number = virtualAddressCount) {
    this.#count = count;
    this.#permutation = new Permutation(count, key);
  }

  /** Returns the next free address; `undefined` if all are in use or resting. */
  take(nowMs: number): string | undefined {
    this.#endRests(nowMs);
    if (this.#used.size + this.#resting.size >= this.#count) return undefined;
    let address: string;
    do {
      address = virtualAddress(this.#permutation.at(this.#cursor));
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

/** One of the addresses that are local only on Linux. */
const probedAddress = "127.1.0.1";

/** Finds out whether a virtual address can be bound, as on Linux, where all of 127.0.0.0/8 is loopback. */
export async function probeClientsBy(upstream: Address): Promise<ClientsBy> {
  if (isIPv6(upstream.address)) return "port";
  const socket = createSocket({ type: "udp4", lookup: literalLookup });
  const isBound = await new Promise<boolean>((resolve) => {
    socket.once("error", () => resolve(false));
    socket.bind({ address: probedAddress, port: 0, exclusive: true }, () => resolve(true));
  });
  socket.close();
  return isBound ? "address" : "port";
}
