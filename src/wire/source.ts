import { formatIp, parseIp, splitZone } from "./ip.ts";
import { unmapAddress } from "./address.ts";

/** Bytes of an IPv6 address that name a site: one customer has at least a /64 (RFC 6177 §2). */
const sitePrefixBytes = 8;

/** Names who shares a limit: an IPv4 address, or the /64 of an IPv6 one as `2001:db8::/64`; other text is its own name. */
export function sourceName(address: string): string {
  const literal = unmapAddress(splitZone(address)[0]);
  // An IPv4 address, found out without reading it: this is asked for each datagram of a flood.
  if (!literal.includes(":")) return literal;
  const bytes = parseIp(literal);
  if (bytes?.length !== 16) return literal;
  return `${formatIp(bytes.fill(0, sitePrefixBytes))}/64`;
}
