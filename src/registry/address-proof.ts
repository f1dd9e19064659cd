import { maxRequestsPerNonce } from "../defaults/index.ts";
import type { StunProof, StunVerdict } from "../forwarder/index.ts";
import { type PeerAddress, sameAddress, samePath } from "../wire/address.ts";

/** Where a registration's peer was, and when that was certain. */
export interface AddressProof {
  readonly address: PeerAddress;
  /** ms since the epoch. */
  readonly atMs: number;
}

/** What is known of where a registration's peer is. */
export interface ProvenAddress {
  address: PeerAddress | null;
  /** When the newest proof of it was made, by HTTP or by STUN, in ms since the epoch; 0: never. */
  provenAtMs: number;
  /** When the newest nonce was made that a STUN request renewed it with, in ms since the epoch; 0: none did. */
  nonceAtMs: number;
  /** Those of the requests with that nonce. */
  transactionIds: readonly string[];
}

const none: readonly string[] = [];

/** What is known of a registration that begins. */
export function firstProof(address: PeerAddress | null, atMs: number): ProvenAddress {
  return { address, provenAtMs: address ? atMs : 0, nonceAtMs: 0, transactionIds: none };
}

/** What is new by a proof: nothing, by which address of this host the peer is reached, or where the peer is. */
export type Turn = "none" | "turned" | "moved";

/** What is known once a proof, if there is one, is taken. */
export interface Taken extends Pick<ProvenAddress, "address" | "provenAtMs"> {
  readonly turn: Turn;
}

/**
 * Takes a proof for what is known from now on, unless what is known is newer: a request's body may come long after it. Nonces
 * tell parts of a millisecond, which other proofs do not.
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

/** Keeps in mind that a STUN request was accepted. */
export function noteTransaction(known: ProvenAddress, { madeAtMs, transactionId }: StunProof): void {
  const before = madeAtMs === known.nonceAtMs ? known.transactionIds : [];
  known.transactionIds = [...before, transactionId];
  known.nonceAtMs = madeAtMs;
}

/**
 * Weighs a proof by STUN against what is known. A move takes a nonce that is newer than every proof: else a captured
 * request would bring a registration back to where its peer has been. A renewal takes the newest nonce so far, or a
 * newer one, and a transaction that is new: else captured requests would keep a registration whose peer is gone.
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
