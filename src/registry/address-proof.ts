import { maxRequestsPerNonce } from "../defaults/index.ts";
import type { StunProof, StunVerdict } from "../forwarder/index.ts";
import { type PeerAddress, sameAddress, samePath } from "../wire/address.ts";

/** The address of a registration's peer, and the time of its proof. */
export interface AddressProof {
  readonly address: PeerAddress;
  /** ms since the epoch. */
  readonly atMs: number;
}

/** The proven address of a registration's peer. */
export interface ProvenAddress {
  address: PeerAddress | null;
  /** Time of its newest proof, by HTTP or STUN, in ms since the epoch; 0 if there is none. */
  provenAtMs: number;
  /** Creation time of the newest nonce that a STUN request renewed it with, in ms since the epoch; 0 if there is none. */
  nonceAtMs: number;
  /** Transaction IDs of the requests with that nonce. */
  transactionIds: readonly string[];
}

const none: readonly string[] = [];

/** Returns the state of a new registration. */
export function firstProof(proof: AddressProof | null): ProvenAddress {
  const { address, atMs: provenAtMs } = proof ?? { address: null, atMs: 0 };
  return { address, provenAtMs, nonceAtMs: 0, transactionIds: none };
}

/** The effect of a proof: none, another local address towards the same peer, or another address of the peer. */
export type Turn = "none" | "turned" | "moved";

/** The state after a proof. */
export interface Taken extends Pick<ProvenAddress, "address" | "provenAtMs"> {
  readonly turn: Turn;
}

/**
 * Applies a proof, unless the known one is newer: a request's body may arrive long after the request. Nonces have
 * sub-millisecond times, other proofs do not, hence the truncation.
 */
export function takeProof(known: Readonly<ProvenAddress>, proof: AddressProof | null): Taken {
  const before = known.address;
  if (!proof || proof.atMs < Math.trunc(known.provenAtMs))
    return { turn: "none", address: before, provenAtMs: known.provenAtMs };
  const { address, atMs } = proof;
  const provenAtMs = Math.max(known.provenAtMs, atMs);
  if (before && samePath(before, address)) return { turn: "none", address: before, provenAtMs };
  return { turn: before && sameAddress(before, address) ? "turned" : "moved", address, provenAtMs };
}

/** Records an accepted STUN request. */
export function noteTransaction(known: ProvenAddress, { madeAtMs, transactionId }: StunProof): void {
  const before = madeAtMs === known.nonceAtMs ? known.transactionIds : [];
  known.transactionIds = [...before, transactionId];
  known.nonceAtMs = madeAtMs;
}

/**
 * Compares a STUN proof with the known state. A move requires a nonce newer than every proof; otherwise a captured request
 * could bring a registration back to a former address. A renewal requires the newest nonce so far or a newer one, and a new
 * transaction; otherwise captured requests could keep alive a registration whose peer is gone.
 */
export function weigh(
  known: Readonly<ProvenAddress>,
  { address, madeAtMs, transactionId }: StunProof,
): StunVerdict {
  if (known.address === null || !samePath(known.address, address))
    return madeAtMs > known.provenAtMs ? "accepted" : "outdated";
  if (madeAtMs !== known.nonceAtMs) return madeAtMs > known.nonceAtMs ? "accepted" : "outdated";
  if (known.transactionIds.includes(transactionId)) return "repeated";
  return known.transactionIds.length < maxRequestsPerNonce ? "accepted" : "outdated";
}
