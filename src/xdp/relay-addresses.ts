import { isIPv4 } from "node:net";
import { isLoopback, isWildcard } from "../wire/address.ts";

/** Addresses of the host, by interface name. */
export type AddressesByInterface = ReadonlyMap<string, readonly string[]>;

/** IP versions. */
export type Family = "ipv4" | "ipv6";

/** Returns the version of an IP literal. */
export function familyOf(address: string): Family {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** Returns the addresses of an interface at which packets from other hosts reach a socket that is bound to `bound`. */
export function relayAddresses(bound: string, addresses: readonly string[]): string[] {
  return addresses.filter((address) => isReachedAt(bound, address) && isRelayed(address));
}

/** Returns a clause on why no interface forwards for a relay that is bound to an IP literal. */
export function noInterfaceHas(bound: string): string {
  return `no network interface has ${isWildcard(bound) ? "an address" : bound}`;
}

/** Reports whether packets to an address reach a socket that is bound to `bound`. */
export function isReachedAt(bound: string, address: string): boolean {
  return bound === "::" || bound === address || (bound === "0.0.0.0" && isIPv4(address));
}

/**
 * Reports whether the kernel can relay for an address. A link-local one needs its zone, which packets do not carry: user
 * space handles those.
 */
function isRelayed(address: string): boolean {
  return !isLoopback(address) && !/^fe[89ab]/i.test(address);
}
