/** A UDP address: an IP literal (IPv4 or IPv6, never `::ffff:` mapped) and a port from 0 to 65535. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** The address of somebody who talks to this host, and the way there (RFC 9000 §9 calls both together a path). */
export interface PeerAddress extends Address {
  /** The IP literal of this host that the peer's packets come to, and answers go from; absent: as the system's routes say. */
  readonly local?: string | undefined;
}

const mappedPrefix = "::ffff:";

/** Turns the IPv4-mapped form a dual-stack socket reports (RFC 4291 §2.5.5.2) into plain IPv4. */
export function unmapAddress(address: string): string {
  return address.startsWith(mappedPrefix) && address.includes(".")
    ? address.slice(mappedPrefix.length)
    : address;
}

/** Turns plain IPv4 into the form that a dual-stack socket takes, the inverse of {@link unmapAddress}. */
export function mapAddress(address: string): string {
  return mappedPrefix + address;
}

/** Writes an address as `203.0.113.7:4433` or `[2001:db8::1]:4433`. */
export function formatAddress({ address, port }: Address): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Reads what {@link formatAddress} writes; `undefined` for anything else. Host names are kept as they are. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { address: (match[1] ?? match[2])!, port };
}

/** Tells whether two addresses are the same, and the ways there too. */
export function samePath(a: PeerAddress, b: PeerAddress): boolean {
  return sameAddress(a, b) && a.local === b.local;
}

/** Tells whether two addresses are the same. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.address === b.address;
}
