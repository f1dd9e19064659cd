import { isIPv4 } from "node:net";
import type { Address } from "../../../wire/address.ts";
import { isSameNat, ownCandidates } from "./candidates.ts";
import type { Candidate } from "../control/messages.ts";
import type { DirectAgreement } from "../policy.ts";
import { hostView } from "./host-view.ts";
import { Reachability, scopeOf } from "./reachability.ts";

/** What a socket's owner knows of where it is. */
export interface Place {
  readonly localPort: number;
  /** The socket's public address, as the relay sees it, if that is known. */
  readonly reflexive: readonly Address[];
  /** The same in the other IP version. Nothing authenticates it, so it is told, and nothing follows from it. */
  readonly otherFamily: readonly Address[];
  /** Addresses that the router maps to the socket. */
  readonly mapped: readonly Address[];
  /** IP literals of the relay. */
  readonly relays: readonly string[];
  /** Whether the socket can send to an IP address. */
  readonly reaches: (address: string) => boolean;
}

/** Returns this side's candidates, as the policy and the other side's permit. */
export function gatherCandidates(
  { localPort, reflexive, otherFamily, mapped, reaches }: Place,
  tries: DirectAgreement["tries"],
  theirs: readonly Candidate[],
): Candidate[] {
  return ownCandidates({
    tries,
    localPort,
    interfaces: hostView.addresses(performance.now()).ips.filter(reaches),
    reflexive: [...reflexive, ...otherFamily],
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
  const { ips, subnets } = hostView.addresses(performance.now());
  // Addresses of a host's own links, which each has, lead nowhere.
  const useful = ips.filter((ip) => ["global", "private"].includes(scopeOf(ip)));
  return new Reachability({
    tries,
    reaches: (ip) => reaches(ip) && useful.some((own) => isIPv4(own) === isIPv4(ip)),
    relayAddresses: relays,
    // Others behind the same NAT have the same address outside.
    ownAddresses: reflexive,
    ownIps: [...ips, ...mapped.map(({ address }) => address)],
    subnets,
    isSameNat: isSameNat(reflexive, theirs),
  });
}
