import { formatIp, parseIp, splitZone } from "./ip.ts";
import { unmapAddress } from "./address.ts";

/** Bytes of an IPv6 address that name a site: one customer has at least a /64 (RFC 6177 §2). */
const sitePrefixBytes = 8;
/** And a network: a /48, which anybody may have (RFC 6177 §2), or a /24, the least that is routed. */
const networkPrefixBytes = { ipv4: 3, ipv6: 6 };

/** Names who shares a limit: an IPv4 address, or the /64 of an IPv6 one as `2001:db8::/64`; other text is its own name. */
export function sourceName(address: string): string {
  const literal = literalOf(address);
  // An IPv4 address, found out without reading it: this is asked for each datagram of a flood.
  return literal.includes(":") ? prefixName(literal, sitePrefixBytes) : literal;
}

/** Names the network of an address: the /24 of an IPv4 one, the /48 of an IPv6 one; other text is its own name. */
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
