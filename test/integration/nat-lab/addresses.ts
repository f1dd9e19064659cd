/** Both peers' places. */
export type Place = "alice" | "bob";

export const places: readonly Place[] = ["alice", "bob"];

/** Two addresses of the relay's host in each IP version, so that one sees what a NAT makes of another destination. */
export const relayAddresses = {
  ipv4: ["192.0.2.1", "192.0.2.2"],
  ipv6: ["2001:db8::1", "2001:db8::2"],
} as const;

/**
 * The networks of each place: what its provider gives to its sites (RFC 5737, RFC 3849), and what a NAT has inside
 * (RFC 1918). In each, 1 is the next router towards the internet.
 */
export const networks = {
  alice: { public4: "198.51.100", mapped4: "11.0.1", private4: "192.168.1", public6: "2001:db8:a" },
  bob: { public4: "203.0.113", mapped4: "11.0.2", private4: "192.168.2", public6: "2001:db8:b" },
} as const;

/**
 * The address of which the router of a site maps ports, where it does. It is somebody's, and exists only in the laboratory:
 * miniupnpd maps no port of an address that is reserved.
 */
export function mappedAddressOf(place: Place, site: number): string {
  return `${networks[place].mapped4}.${site + 1}`;
}

/** What the provider has given to one of its sites, by version. */
export function prefixesOf(place: Place, site: number): { readonly ip: string; readonly ip6: string } {
  const { public4, public6 } = networks[place];
  return { ip: `${public4}.${16 * site}/28`, ip6: `${public6}:${(2 * site).toString(16)}::/63` };
}

/** The addresses of a host: its own, and what stands for it in the internet. */
export interface HostAddresses {
  readonly ipv4?: { readonly local: string; readonly public: string };
  readonly ipv6?: { readonly local: string; readonly public: string };
}
