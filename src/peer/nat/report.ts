import { maxPortStep } from "../../defaults/index.ts";
import { type Address, plainIp } from "../../wire/address.ts";

/** How a NAT chooses the outer port of a socket for each new destination (RFC 4787 §4.1, §4.2). */
export type NatKind = "unknown" | "endpoint-independent" | "sequential" | "random";

/** The outer ports of a sequential NAT. */
export interface PortSequence {
  /** The one that was given last. */
  readonly base: number;
  /** What is added for the next: 1 to 16, or as much below 0. */
  readonly step: number;
}

/** What a peer tells of its NAT. */
export interface NatReport {
  readonly kind: NatKind;
  /** Where the kind is sequential, if it is known. */
  readonly ports?: PortSequence | undefined;
}

/** The report of a peer that knows nothing. */
export const unknownNat: NatReport = { kind: "unknown" };

/** The kinds of NAT with another port for each destination. */
export function isHard({ kind }: NatReport): boolean {
  return kind === "sequential" || kind === "random";
}

/**
 * Judges a NAT by two mappings of one socket, made one after the other, to two ports of the relay. A step of more than 16 is random:
 * there is no telling which ports others have taken in between.
 */
export function judgeNat(first: Address, second: Address): NatReport {
  // A NAT with several addresses that does not keep to one (RFC 4787 §4.1, arbitrary pooling).
  if (plainIp(first.address) !== plainIp(second.address)) return { kind: "random" };
  const step = second.port - first.port;
  if (step === 0) return { kind: "endpoint-independent" };
  if (Math.abs(step) > maxPortStep) return { kind: "random" };
  return { kind: "sequential", ports: { base: second.port, step } };
}
