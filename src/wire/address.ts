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
