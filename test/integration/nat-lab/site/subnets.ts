import { networks, type Place } from "../addresses.ts";
import { kinds, type Kind } from "./rules.ts";

/** A network of a site, of one IP version. */
export interface Subnet {
  readonly version: 4 | 6;
  readonly network: string;
  readonly bits: number;
  /** The machine towards the internet. */
  readonly gateway: string;
  /** Those away from it. */
  readonly members: readonly [string, string];
}

function ipv4(prefix: string, bits = 24, base = 0): Subnet {
  const address = (number: number): string => `${prefix}.${base + number}`;
  return { version: 4, network: address(0), bits, gateway: address(1), members: [address(2), address(3)] };
}

function ipv6(prefix: string): Subnet {
  const members = [`${prefix}::2`, `${prefix}::3`] as const;
  return { version: 6, network: `${prefix}::`, bits: 64, gateway: `${prefix}::1`, members };
}

/** The networks from the provider's to the hosts', between which there are routers; `site` is its number there. */
export function subnetsOf(place: Place, site: number, kind: Kind): readonly Subnet[] {
  const { public4, public6, private4 } = networks[place];
  const { version, isNat, routers } = kinds[kind];
  const [first, second] = [2 * site, 2 * site + 1].map((half) => half.toString(16));
  if (version === 6) return [ipv6(`${public6}:${first}`), ipv6(`${public6}:${second}`)];
  const outside = ipv4(public4, 29, 16 * site);
  if (!isNat) return [outside, ipv4(public4, 29, 16 * site + 8)];
  // What a carrier has between its NAT and those of its customers (RFC 6598).
  const shared = routers.length === 2 ? [ipv4("100.64.0")] : [];
  return [outside, ...shared, ipv4(private4)];
}
