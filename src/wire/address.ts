import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/** Parses an IP literal into its 4 or 16 bytes, without its zone; `undefined` for any other text. */
export function parseIp(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text)) return undefined;
  const [head = "", tail = ""] = splitZone(text)[0].split("::");
  const right = groupBytes(tail);
  const bytes = new Uint8Array(16);
  bytes.set(groupBytes(head));
  bytes.set(right, 16 - right.length);
  return bytes;
}

/** Formats 4 or 16 bytes as an IP literal, IPv6 as in RFC 5952. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const { start, length } = longestZeroRun(words);
  // RFC 5952 §4.2.2: a single zero group is not shortened.
  if (length < 2) return hex(words);
  return `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

/** Normalizes an IP literal: RFC 5952, and plain IPv4 for an IPv4-mapped one. Any other text is returned unchanged. */
export function plainIp(text: string): string {
  const ip = parseIp(text);
  if (!ip) return text;
  const isMapped = ip.length === 16 && ip.every((byte, i) => i > 11 || byte === (i < 10 ? 0 : 0xff));
  return formatIp(isMapped ? ip.subarray(12) : ip) + splitZone(text)[1];
}

const loopback: BlockList = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Reports whether a text is a loopback IP literal, including IPv4-mapped ones. */
export function isLoopback(text: string): boolean {
  return isIP(text) !== 0 && loopback.check(text, isIPv6(text) ? "ipv6" : "ipv4");
}

/** Reports whether a URL's host is loopback: an IP literal (IPv6 in brackets) or `localhost` (RFC 6761 §6.3). */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname.replaceAll(/[[\]]/g, ""));
}

/** Reports whether an IP literal is the wildcard address, in any spelling. */
export function isWildcard(address: string): boolean {
  const plain = plainIp(address);
  return plain === "::" || plain === "0.0.0.0";
}

/** Splits a scoped IPv6 literal from its zone (RFC 4007 §11): `fe80::1%eth0` → `["fe80::1", "%eth0"]`. */
export function splitZone(address: string): [literal: string, zone: string] {
  const at = address.indexOf("%");
  return at < 0 ? [address, ""] : [address.slice(0, at), address.slice(at)];
}

function groupBytes(groups: string): number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 0xff];
  });
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  words.forEach((word, i) => {
    if (word !== 0) start = i + 1;
    // RFC 5952 §4.2.3: of runs of equal length, the first.
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}

function hex(words: readonly number[]): string {
  return words.map((word) => word.toString(16)).join(":");
}

/** A UDP address: an IP literal (IPv4 or IPv6, never `::ffff:` mapped) and a port from 0 to 65535. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** A remote address and the local one used to reach it. RFC 9000 §9 calls the pair a path. */
export interface PeerAddress extends Address {
  /** Local IP literal that the peer's packets arrive at and replies leave from. Routing chooses it if absent. */
  readonly local?: string | undefined;
}

const mappedPrefix = "::ffff:";

/** Converts the IPv4-mapped form that a dual-stack socket reports (RFC 4291 §2.5.5.2) to plain IPv4. */
export function unmapAddress(address: string): string {
  return address.startsWith(mappedPrefix) && address.includes(".")
    ? address.slice(mappedPrefix.length)
    : address;
}

/** Converts plain IPv4 to the form that a dual-stack socket takes; the inverse of {@link unmapAddress}. */
export function mapAddress(address: string): string {
  return mappedPrefix + address;
}

/** Formats an address as `203.0.113.7:4433` or `[2001:db8::1]:4433`. */
export function formatAddress({ address, port }: Address): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Parses the output of {@link formatAddress}; `undefined` for any other text. Host names are kept as they are. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { address: (match[1] ?? match[2])!, port };
}

/** Reports whether two addresses and their local addresses are equal. */
export function samePath(a: PeerAddress, b: PeerAddress): boolean {
  return sameAddress(a, b) && a.local === b.local;
}

/** Reports whether two addresses are equal, local addresses aside. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.address === b.address;
}
