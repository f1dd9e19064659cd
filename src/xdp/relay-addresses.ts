import { isIPv4 } from "node:net";

/** Addresses of the host, by the name of the interface that holds them. */
export type AddressesByInterface = ReadonlyMap<string, readonly string[]>;

/** The IP versions. */
export type Family = "ipv4" | "ipv6";

/** The version of an IP literal. */
export function familyOf(address: string): Family {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** Of the addresses of an interface those at which packets from others reach a socket that is bound to `bound`. */
export function relayAddresses(bound: string, addresses: readonly string[]): string[] {
  return addresses.filter((address) => isReachedAt(bound, address) && isRelayed(address));
}

/** Tells whether only this host reaches what is bound to an address. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || (isIPv4(address) && address.startsWith("127."));
}

/** Tells whether what is bound to an address is bound to all of a host. */
export function isWildcard(address: string): boolean {
  return address === "::" || address === "0.0.0.0";
}

function isReachedAt(bound: string, address: string): boolean {
  return bound === "::" || bound === address || (bound === "0.0.0.0" && isIPv4(address));
}

/** A link-local address means nothing without its zone, which packets do not carry: user space has those. */
function isRelayed(address: string): boolean {
  return !isLoopbackAddress(address) && !/^fe[89ab]/i.test(address);
}
