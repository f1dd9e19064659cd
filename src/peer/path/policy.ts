/**
 * What a peer wants of direct paths: `"auto"` tries every address that may be checked, `"public-only"` no private one,
 * `"never"` none at all. `"require"` is `"auto"` for a peer that ends a connection that stays on the relay.
 */
export type DirectPolicy = "never" | "public-only" | "auto" | "require";

/** All policies, from least to most, which is the order of their numbers on the wire. */
export const directPolicies: readonly [DirectPolicy, ...DirectPolicy[]] = [
  "never",
  "public-only",
  "auto",
  "require",
];

/** Why a connection is on the relay. The list is closed. */
export type RelayReason =
  /** No address of the other peer may be checked. */
  | "no-candidates"
  /** UDP reaches nobody but the relay. */
  | "udp-blocked"
  /** This peer's policy. */
  | "policy"
  /** The other peer's policy. */
  | "peer-policy"
  /** One of the peers has no direct paths. */
  | "peer-unsupported"
  /** Both NATs have another port for each destination, and no check was answered. */
  | "nat-hard-both"
  /** No check was answered. */
  | "checks-timeout"
  /** The direct path loses too many packets. */
  | "lossy"
  /** The direct path takes longer than the relay. */
  | "slower-than-relay"
  /** The direct path has failed, and rests. */
  | "quarantined";

/** All reasons. Their order is that of their numbers on the wire. */
export const relayReasons: readonly RelayReason[] = [
  "no-candidates",
  "udp-blocked",
  "policy",
  "peer-policy",
  "peer-unsupported",
  "nat-hard-both",
  "checks-timeout",
  "lossy",
  "slower-than-relay",
  "quarantined",
];

/** What two peers with their policies try together. */
export interface DirectAgreement {
  readonly tries: Exclude<DirectPolicy, "require">;
  /** Whether this peer ends the connection if it stays on the relay. The other one decides that for itself. */
  readonly isRequired: boolean;
  /** Whose policy forbids direct paths, as this peer tells it; `undefined` if none does. */
  readonly reason?: Extract<RelayReason, "policy" | "peer-policy"> | undefined;
}

/** Joins two policies: the stricter one decides what is tried, this peer's own whether it is required. */
export function stricter(own: DirectPolicy, other: DirectPolicy): DirectAgreement {
  const isRequired = own === "require";
  if (own === "never") return { tries: "never", isRequired, reason: "policy" };
  if (other === "never") return { tries: "never", isRequired, reason: "peer-policy" };
  const tries = own === "public-only" || other === "public-only" ? "public-only" : "auto";
  return { tries, isRequired };
}
