import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Address } from "../wire/address.ts";

/**
 * Tells whether a datagram to `address` would reach a socket bound to `bound`.
 *
 * @param interfaces IP literals of the system's interfaces.
 */
export function isOwnAddress(address: Address, bound: Address, interfaces: readonly string[]): boolean {
  if (address.port !== bound.port) return false;
  const to = address.address;
  // A datagram to the unspecified address goes to the loopback interface.
  if (wildcards.has(to)) return isLocal(bound.address);
  if (!wildcards.has(bound.address)) return to === bound.address;
  if (bound.address === "0.0.0.0" && !isIPv4(to)) return false;
  return to.startsWith("127.") || interfaces.includes(to);
}

/** IP literals of the system's interfaces as they are now. */
export function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
}

const wildcards: ReadonlySet<string> = new Set(["::", "0.0.0.0"]);

function isLocal(bound: string): boolean {
  return wildcards.has(bound) || bound === "::1" || bound.startsWith("127.");
}
