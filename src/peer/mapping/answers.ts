import { parseIp, plainIp, type Address } from "../../wire/address.ts";

/** Protocols that a router maps ports by. */
export type MappingService = "pcp" | "nat-pmp" | "upnp";

/** Why there is no port mapping, or why one is not renewed. */
export type MappingReason =
  /** The system has no default route through a router, or tells none. */
  | "no-router"
  /** The system gives no UDP socket towards the router. */
  | "no-socket"
  /** The router answers none of the protocols. */
  | "no-answer"
  /** The router's owner does not allow it. */
  | "not-authorized"
  /** The router has no room for another mapping, or for another of this host. */
  | "no-resources"
  /** The router is not connected, or has no address outside. */
  | "no-external-address"
  /** Another NAT is between this host and the router. */
  | "nat-before-router"
  /** The router cannot do what was asked, or does not understand it. */
  | "refused";

/** The router's seconds since it lost its mappings or started (RFC 6887 §8.5, RFC 6886 §3.6), in its answer. */
export interface EpochTime {
  readonly epochSeconds: number;
}

/** The router knows the protocol, and refuses. */
export interface Refusal extends EpochTime {
  readonly kind: "refused";
  readonly reason: MappingReason;
}

/** The router does not speak this version, and so not this protocol. */
export interface UnsupportedVersion {
  readonly kind: "unsupported-version";
}

/** A mapping, until its lifetime ends. */
export interface GrantedMapping extends EpochTime {
  readonly kind: "granted";
  readonly lifetimeSeconds: number;
  /** What others reach the mapped port by. */
  readonly address: Address;
}

/** A router's answer to a request for a mapping. */
export type MapAnswer = GrantedMapping | Refusal | UnsupportedVersion;

/** What a router tells of itself: its epoch, and its address outside where the protocol has that. */
export interface RouterState extends EpochTime {
  readonly kind: "state";
  readonly externalAddress?: string | undefined;
}

/** The mapping is gone. */
export interface Lost {
  readonly kind: "lost";
}

/** A router's answer to the question whether all is as before. */
export type LookAnswer = RouterState | UnsupportedVersion | Lost;

/** Makes an answer of what a router granted: none that can be used where it has no address outside yet. */
export function granted(mapping: Omit<GrantedMapping, "kind">): MapAnswer {
  const { epochSeconds, lifetimeSeconds, address } = mapping;
  if (lifetimeSeconds > 0 && address.port > 0 && isAddressOfHost(address.address))
    return { kind: "granted", ...mapping };
  return { kind: "refused", epochSeconds, reason: "no-external-address" };
}

/** Reports whether an IP literal is an IPv4 address that a host may have. It may be private: there are NATs behind NATs. */
function isAddressOfHost(address: string): boolean {
  const ip = parseIp(plainIp(address));
  return ip?.length === 4 && ip[0]! > 0 && ip[0]! < 224 && ip[0] !== 127;
}
