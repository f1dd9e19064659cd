import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Address } from "../../../wire/address.ts";
import { isSameNat, ownCandidates } from "./candidates.ts";
import type { Candidate } from "../control/messages.ts";
import type { DirectAgreement } from "../policy.ts";
import { Reachability, scopeOf } from "./reachability.ts";

/** What a socket's owner knows of where it is. */
export interface Place {
  readonly localPort: number;
  /** The socket's public addresses, as the relay sees them, at most one for each IP version. */
  readonly reflexive: readonly Address[];
  /** Addresses that the router maps to the socket. */
  readonly mapped: readonly Address[];
  /** IP literals of the relay. */
  readonly relays: readonly string[];
  /** Whether the socket can send to an IP address. */
  readonly reaches: (address: string) => boolean;
}

/** Returns this side's candidates, as the policy and the other side's permit. */
export function gatherCandidates(
  { localPort, reflexive, mapped, reaches }: Place,
  tries: DirectAgreement["tries"],
  theirs: readonly Candidate[],
): Candidate[] {
  return ownCandidates({
    tries,
    localPort,
    interfaces: hostInterfaces()
      .map(({ address }) => address)
      .filter(reaches),
    reflexive,
    mapped,
    isSameNat: isSameNat(reflexive, theirs),
  });
}

/** Returns the rules for addresses of the other side, as this host is placed now. */
export function reachabilityFrom(
  { reflexive, mapped, relays, reaches }: Place,
  tries: DirectAgreement["tries"],
  theirs: readonly Candidate[],
): Reachability {
  const interfaces = hostInterfaces();
  // Addresses of a host's own links, which each has, lead nowhere.
  const ips = interfaces
    .map(({ address }) => address)
    .filter((ip) => ["global", "private"].includes(scopeOf(ip)));
  return new Reachability({
    tries,
    reaches: (ip) => reaches(ip) && ips.some((own) => isIPv4(own) === isIPv4(ip)),
    relayAddresses: relays,
    // Others behind the same NAT have the same address outside.
    ownAddresses: reflexive,
    ownIps: [...interfaces, ...mapped].map(({ address }) => address),
    subnets: interfaces.flatMap(({ cidr }) => cidr ?? []),
    isSameNat: isSameNat(reflexive, theirs),
  });
}

/** The addresses of the system's interfaces, with their prefixes. */
function hostInterfaces(): { address: string; cidr: string | null }[] {
  return Object.values(networkInterfaces()).flatMap((all) => all ?? []);
}
