import { isIPv4 } from "node:net";
import { interfaceAddresses, systemInterfaces } from "../interface-addresses.ts";
import { type Address, isLoopback, isWildcard } from "../wire/address.ts";

/**
 * Reports whether a datagram to `address` would reach a socket bound to `bound`.
 *
 * @param interfaces returns the IP literals of the system's interfaces. It is slow, so it is called only if they matter.
 */
export function isOwnAddress(
  address: Address,
  bound: Address,
  interfaces: () => readonly string[] = interfaceAddresses,
): boolean {
  if (address.port !== bound.port) return false;
  const to = address.address;
  // A datagram to the unspecified address goes to the loopback interface.
  if (isWildcard(to)) return isLocal(bound.address);
  if (!isWildcard(bound.address)) return to === bound.address;
  if (bound.address === "0.0.0.0" && !isIPv4(to)) return false;
  return isLoopback(to) || interfaces().includes(to);
}

/** Returns the IP literals of the system's interfaces, with the interface's name after an IPv6 address of one link (RFC 4007 §11), which cannot be bound without it. */
export function hostAddresses(): string[] {
  return Object.entries(systemInterfaces()).flatMap(([name, all = []]) =>
    all.map((info) => (info.family === "IPv6" && info.scopeid ? `${info.address}%${name}` : info.address)),
  );
}

function isLocal(bound: string): boolean {
  return isWildcard(bound) || isLoopback(bound);
}
