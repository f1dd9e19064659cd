import { BlockList } from "node:net";
import { type Address, formatAddress, parseIp, plainIp } from "../../../wire/address.ts";
import type { DirectAgreement } from "../policy.ts";

/** Kinds of IP addresses that nothing of a peer is sent to. */
export type ForbiddenScope =
  | "no-ip"
  | "unspecified"
  | "loopback"
  | "link-local"
  | "multicast"
  | "broadcast"
  | "reserved";

/** Why an address may not be checked. */
export type CheckRefusal = ForbiddenScope | "port" | "version" | "relay" | "own" | "private" | "policy";

/** How far an IP address reaches: all over the internet, or within a site, unless it is forbidden. */
export type Scope = "global" | "private" | ForbiddenScope;

/** Scopes by prefix. The first that fits counts; what none fits is global. */
const prefixes: readonly (readonly [scope: Scope, ...subnets: readonly string[]])[] = [
  ["unspecified", "0.0.0.0/8", "::/128"],
  ["loopback", "127.0.0.0/8", "::1/128"],
  // RFC 3927, RFC 4291 §2.5.6
  ["link-local", "169.254.0.0/16", "fe80::/10"],
  ["multicast", "224.0.0.0/4", "ff00::/8"],
  ["broadcast", "255.255.255.255/32"],
  // RFC 1918, RFC 6598 (between a provider's NAT and its customers), RFC 4193
  ["private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"],
  // RFC 1112 §4; then Teredo and 6to4, which stand for an IPv4 address that none of these rules would see.
  ["reserved", "240.0.0.0/4", "2001::/32", "2002::/16"],
  // RFC 3513 §4: no other IPv6 prefix is assigned to hosts. NAT64's is outside too, and stands for IPv4 (RFC 6052 §2.1).
  ["global", "0.0.0.0/0", "2000::/3"],
  ["reserved", "::/0"],
];
const scopes: readonly (readonly [Scope, BlockList])[] = prefixes.map(([scope, ...subnets]) => [
  scope,
  blockListOf(subnets),
]);

/** Returns the scope of an IP literal. An IPv4-mapped one has that of its IPv4 address. */
export function scopeOf(address: string): Scope {
  const plain = plainIp(address);
  // An address with a zone is of one link (RFC 4007 §6), and nothing that another host can tell.
  if (!parseIp(plain) || plain.includes("%")) return "no-ip";
  return scopes.find(([, list]) => list.check(plain, familyOf(plain)))![0];
}

/** Where a peer is, as far as it decides which addresses may be checked. */
export interface Surroundings {
  readonly tries: DirectAgreement["tries"];
  /** IP literals of the relay. Its ports are the relay's business, whichever they are. */
  readonly relayAddresses: readonly string[];
  /** Whether this host and its socket have the IP version of an address. */
  readonly reaches: (ip: string) => boolean;
  readonly ownAddresses: readonly Address[];
  /** IP literals of this host, and of ports that a router leads to it. Nothing is sent to them at any port. */
  readonly ownIps: readonly string[];
  /** Addresses of this host's interfaces with their prefix lengths, such as `192.168.1.7/24`. */
  readonly subnets: readonly string[];
  /** Whether both peers are behind the same NAT, as far as anyone can tell. */
  readonly isSameNat: boolean;
}

/** What follows from the subnets of a host. */
interface Network {
  readonly subnets: BlockList;
  readonly broadcasts: ReadonlySet<string>;
}

/** By the list of subnets, which all connections of a process share. A list of 5 takes 10 kB. */
const networks = new WeakMap<readonly string[], Network>();

/**
 * Judges which addresses a peer may check. The other peer names them, and could name anybody's: checks must not be a way to
 * send to hosts that only this peer reaches (RFC 9000 §21.5.6).
 */
export class Reachability {
  readonly #surroundings: Surroundings;
  readonly #relayAddresses: readonly string[];
  readonly #ownAddresses: readonly string[];
  readonly #ownIps: readonly string[];
  readonly #network: Network;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#relayAddresses = surroundings.relayAddresses.map(plainIp);
    this.#ownIps = surroundings.ownIps.map(plainIp);
    this.#ownAddresses = surroundings.ownAddresses.map(plainAddress);
    this.#network = networkOf(surroundings.subnets);
  }

  /** Returns why an address may not be checked; `undefined` if it may. */
  refuse({ address, port }: Address): CheckRefusal | undefined {
    const ip = plainIp(address);
    if (this.#surroundings.tries === "never") return "policy";
    if (port === 0) return "port";
    const scope = scopeOf(ip);
    if (scope !== "global" && scope !== "private") return scope;
    if (!this.#surroundings.reaches(ip)) return "version";
    if (this.#network.broadcasts.has(ip)) return "broadcast";
    if (this.#relayAddresses.includes(ip)) return "relay";
    if (this.#ownIps.includes(ip)) return "own";
    if (this.#ownAddresses.includes(plainAddress({ address, port }))) return "own";
    // Services of a site listen there, such as its router's. Peers have ports of the dynamic kind.
    if (scope === "private" && port < 1024) return "port";
    return scope === "private" ? this.#refusePrivate(ip) : undefined;
  }

  #refusePrivate(ip: string): CheckRefusal | undefined {
    const { tries, isSameNat } = this.#surroundings;
    if (tries === "public-only") return "policy";
    return isSameNat && this.#network.subnets.check(ip, familyOf(ip)) ? undefined : "private";
  }
}

function networkOf(subnets: readonly string[]): Network {
  const known = networks.get(subnets);
  if (known) return known;
  const network = { subnets: blockListOf(subnets), broadcasts: new Set(subnets.flatMap(broadcastsOf)) };
  networks.set(subnets, network);
  return network;
}

/** An address as text, in the one spelling that {@link plainIp} gives it. */
function plainAddress({ address, port }: Address): string {
  return formatAddress({ address: plainIp(address), port });
}

function familyOf(ip: string): "ipv4" | "ipv6" {
  return ip.includes(":") ? "ipv6" : "ipv4";
}

function blockListOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [ip, prefix] = subnet.split("/") as [string, string];
    list.addSubnet(ip, Number(prefix), familyOf(ip));
  }
  return list;
}

/** The first and the last address of an IPv4 subnet: both reach all of its hosts (RFC 1122 §3.2.1.3), unless there are only two. */
function broadcastsOf(subnet: string): string[] {
  const [ip, prefix] = subnet.split("/") as [string, string];
  const bytes = parseIp(ip);
  if (bytes?.length !== 4 || Number(prefix) > 30) return [];
  const hosts = 2 ** (32 - Number(prefix)) - 1;
  const word = Buffer.from(bytes).readUInt32BE();
  return [word & ~hosts, word | hosts].map(ipv4Of);
}

function ipv4Of(word: number): string {
  return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff].join(".");
}
