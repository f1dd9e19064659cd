import { isIPv4 } from "node:net";
import { isLoopback } from "../wire/ip.ts";

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

function isReachedAt(bound: string, address: string): boolean {
  return bound === "::" || bound === address || (bound === "0.0.0.0" && isIPv4(address));
}

/** A link-local address means nothing without its zone, which packets do not carry: user space has those. */
function isRelayed(address: string): boolean {
  return !isLoopback(address) && !/^fe[89ab]/i.test(address);
}
