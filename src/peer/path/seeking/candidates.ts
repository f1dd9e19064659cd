import { maxCandidates } from "../../../defaults/index.ts";
import { type Address, formatAddress, plainIp } from "../../../wire/address.ts";
import type { Candidate, CandidateKind } from "../control/messages.ts";
import type { DirectAgreement } from "../policy.ts";
import { type CheckRefusal, type Reachability, scopeOf } from "./reachability.ts";

/** What a peer knows of its own addresses. */
export interface OwnAddresses {
  readonly tries: DirectAgreement["tries"];
  /** Port of the socket. */
  readonly localPort: number;
  /** IP literals of the interfaces that the socket receives at. */
  readonly interfaces: readonly string[];
  /** The socket's address as the relay saw it, one for each family. */
  readonly reflexive: readonly Address[];
  /** Addresses that a NAT mapped to the socket on request. */
  readonly mapped: readonly Address[];
  /** What {@link isSameNat} says. */
  readonly isSameNat: boolean;
}

/**
 * Reports whether the other peer claims to be behind the NAT that this one is behind. It is a claim only: a peer that tells it
 * falsely gets private addresses of no use to it, and none of its own is checked outside of the checker's subnets.
 */
export function isSameNat(reflexive: readonly Address[], theirs: readonly Candidate[]): boolean {
  const claimed = theirs.filter(({ kind }) => kind === "reflexive").map(({ address }) => address.address);
  return reflexive.some(({ address }) => claimed.map(plainIp).includes(plainIp(address)));
}

/** Returns the candidates to tell the other peer, at most 8, the preferred first; none under the policy `"never"`. */
export function ownCandidates(own: OwnAddresses): Candidate[] {
  if (own.tries === "never") return [];
  const tells = (scope: string): boolean =>
    scope === "global" || (scope === "private" && own.isSameNat && own.tries === "auto");
  const known = new Set<string>();
  const groups = groupsOf(own).map((group) =>
    group.filter((each) => tells(scopeOf(each.address.address)) && isNew(each, known)),
  );
  return shared(groups);
}

/** Candidates of the other peer, judged. */
export interface JudgedCandidates {
  /** Those that may be checked. */
  readonly taken: readonly Candidate[];
  readonly refused: readonly (Candidate & { readonly reason: CheckRefusal })[];
  /** How many came after the first 8, and were not looked at. */
  readonly excess: number;
}

/** Judges the first 8 candidates of the other peer. One that is told twice is taken once. */
export function judgeCandidates(theirs: readonly Candidate[], reachability: Reachability): JudgedCandidates {
  const known = new Set<string>();
  const taken: Candidate[] = [];
  const refused: (Candidate & { readonly reason: CheckRefusal })[] = [];
  for (const each of theirs.slice(0, maxCandidates).map(plainCandidate)) {
    if (!isNew(each, known)) continue;
    const reason = reachability.refuse(each.address);
    if (reason) refused.push({ ...each, reason });
    else taken.push(each);
  }
  return { taken, refused, excess: Math.max(0, theirs.length - maxCandidates) };
}

/** Candidates by preference: what needs no NAT first, what is only a guess last. */
function groupsOf(own: OwnAddresses): Candidate[][] {
  const { localPort, reflexive } = own;
  const seen = new Set(reflexive.map(({ address }) => plainIp(address)));
  // The address that the route to the relay has is likely the one that lasts, of many that IPv6 gives a host.
  const ips = own.interfaces.map(plainIp).sort((a, b) => Number(seen.has(b)) - Number(seen.has(a)));
  const hosts = (isHost: (ip: string) => boolean): Candidate[] =>
    ips.filter(isHost).map((address) => candidateOf("host", { address, port: localPort }));
  return [
    // A global IPv4 address is reflexive already, unless the relay is not reached from it.
    hosts((ip) => ip.includes(":") && scopeOf(ip) === "global"),
    hosts((ip) => scopeOf(ip) === "private"),
    own.mapped.map((address) => candidateOf("mapped", address)),
    reflexive.map((address) => candidateOf("reflexive", address)),
    // Some NATs keep the port for other destinations, if not for the relay.
    reflexive.map(({ address }) => candidateOf("reflexive", { address, port: localPort })),
  ];
}

/** Takes 8 candidates, one of each group in turn, so that a host of many addresses leaves room for the others. */
function shared(groups: readonly (readonly Candidate[])[]): Candidate[] {
  const places = groups.flatMap((group, rank) => group.map((candidate, turn) => ({ candidate, turn, rank })));
  const taken = places.sort((a, b) => a.turn - b.turn || a.rank - b.rank).slice(0, maxCandidates);
  return taken.sort((a, b) => a.rank - b.rank || a.turn - b.turn).map(({ candidate }) => candidate);
}

function candidateOf(kind: CandidateKind, { address, port }: Address): Candidate {
  return { kind, address: { address: plainIp(address), port } };
}

function plainCandidate({ kind, address }: Candidate): Candidate {
  return candidateOf(kind, address);
}

/** Reports whether an address is not among those `known`, and adds it. */
function isNew({ address }: Candidate, known: Set<string>): boolean {
  const text = formatAddress(address);
  if (known.has(text)) return false;
  known.add(text);
  return true;
}
