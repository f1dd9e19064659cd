import type { StunProof, StunVerdict } from "../forwarder/index.ts";
import { type Address, sameAddress } from "../wire/address.ts";

/** Where a registration's peer was, and when that was certain. */
export interface AddressProof {
  readonly address: Address;
  /** ms since the epoch. */
  readonly atMs: number;
}

/** What is known of where a registration's peer is. */
export interface ProvenAddress {
  address: Address | null;
  /** When the newest proof of it was made, by HTTP or by STUN, in ms since the epoch; 0: never. */
  provenAtMs: number;
  /** That of the STUN request which proved it last; empty where HTTP did. */
  transactionId: string;
}

/** What is known of a registration that begins. */
export function firstProof(address: Address | null, nowMs: number): ProvenAddress {
  return { address, provenAtMs: address ? nowMs : 0, transactionId: "" };
}

/**
 * Weighs a proof by STUN against what is known. The newest one counts: else a captured request would bring a
 * registration back to where its peer has been.
 */
export function weigh(
  known: Readonly<ProvenAddress>,
  { address, madeAtMs, transactionId }: StunProof,
): StunVerdict {
  const isThere = known.address !== null && sameAddress(known.address, address);
  if (isThere && known.transactionId === transactionId) return "repeated";
  return isThere || madeAtMs >= known.provenAtMs ? "accepted" : "outdated";
}
