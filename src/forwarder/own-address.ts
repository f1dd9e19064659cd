import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Address } from "../wire/address.ts";
import { isLoopback, isWildcard } from "../wire/ip.ts";

/**
 * Tells whether a datagram to `address` would reach a socket bound to `bound`.
 *
 * @param interfaces IP literals of the system's interfaces; asked for only where they matter, as the system takes its
 *   time to tell them.
 */
export function isOwnAddress(address: Address, bound: Address, interfaces: () => readonly string[]): boolean {
  if (address.port !== bound.port) return false;
  const to = address.address;
  // A datagram to the unspecified address goes to the loopback interface.
  if (isWildcard(to)) return isLocal(bound.address);
  if (!isWildcard(bound.address)) return to === bound.address;
  if (bound.address === "0.0.0.0" && !isIPv4(to)) return false;
  return isLoopback(to) || interfaces().includes(to);
}

/** IP literals of the system's interfaces as they are now. */
export function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
}

/** The same, but an IPv6 address of one link has the link's name after it (RFC 4007 §11), without which it cannot be bound. */
export function hostAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
    all.map((info) => (info.family === "IPv6" && info.scopeid ? `${info.address}%${name}` : info.address)),
  );
}

function isLocal(bound: string): boolean {
  return isWildcard(bound) || isLoopback(bound);
}
