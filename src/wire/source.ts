import { formatIp, parseIp, splitZone, unmapAddress } from "./address.ts";

/** Bytes of an IPv6 address that identify a site: a customer has at least a /64 (RFC 6177 §2). */
const sitePrefixBytes = 8;
/** Bytes that identify a network: an IPv6 /48, which any site may have (RFC 6177 §2), or an IPv4 /24, the smallest routed prefix. */
const networkPrefixBytes = { ipv4: 3, ipv6: 6 };

/** The one source of all clients whose address nobody can tell. */
export const unknownSource = "unknown";

/**
 * Returns the name of the source that an address shares limits with: the IPv4 address itself, or the /64 of an IPv6 address
 * as `2001:db8::/64`. Other text is its own name.
 */
export function sourceName(address: string): string {
  const literal = literalOf(address);
  // Recognizes an IPv4 address without parsing it, as this runs for each datagram of a flood.
  return literal.includes(":") ? prefixName(literal, sitePrefixBytes) : literal;
}

/** Returns the network of an address: the /24 of an IPv4 address, the /48 of an IPv6 address. Other text is its own name. */
export function networkName(address: string): string {
  const literal = literalOf(address);
  const { ipv4, ipv6 } = networkPrefixBytes;
  return prefixName(literal, literal.includes(":") ? ipv6 : ipv4);
}

function literalOf(address: string): string {
  return unmapAddress(splitZone(address)[0]);
}

function prefixName(literal: string, prefixBytes: number): string {
  const bytes = parseIp(literal);
  return bytes ? `${formatIp(bytes.fill(0, prefixBytes))}/${8 * prefixBytes}` : literal;
}
