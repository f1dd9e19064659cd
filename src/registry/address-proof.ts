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
  /** That of the STUN request which proved it last; empty where HTTP did. */
  transactionId: string;
}

/** What is known of a registration that begins. */
export function firstProof(address: PeerAddress | null, nowMs: number): ProvenAddress {
  return { address, provenAtMs: address ? nowMs : 0, transactionId: "" };
}

/** What is new by a proof: nothing, by which address of this host the peer is reached, or where the peer is. */
export type Turn = "none" | "turned" | "moved";

/** Takes a proof for what is known from now on. */
export function takeProof(known: ProvenAddress, { address, atMs }: AddressProof): Turn {
  const before = known.address;
  known.provenAtMs = Math.max(known.provenAtMs, atMs);
  if (before && samePath(before, address)) return "none";
  known.address = address;
  known.transactionId = "";
  return before && sameAddress(before, address) ? "turned" : "moved";
}

/**
 * Weighs a proof by STUN against what is known. The newest one counts: else a captured request would bring a
 * registration back to where its peer has been.
 */
export function weigh(
  known: Readonly<ProvenAddress>,
  { address, madeAtMs, transactionId }: StunProof,
): StunVerdict {
  const isThere = known.address !== null && samePath(known.address, address);
  if (isThere && known.transactionId === transactionId) return "repeated";
  return isThere || madeAtMs >= known.provenAtMs ? "accepted" : "outdated";
}
