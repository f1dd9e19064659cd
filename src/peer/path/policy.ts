/** What a peer wants of direct paths, from least to most. */
export const directPolicies = ["never", "public-only", "auto", "require"] as const;

/**
 * What a peer wants of direct paths: `"auto"` tries every address that may be checked, `"public-only"` no private one,
 * `"never"` none at all. `"require"` is `"auto"` for a peer that ends a connection that stays on the relay.
 */
export type DirectPolicy = (typeof directPolicies)[number];

/** Why a connection is on the relay. The list is closed. */
export const relayReasons = [
  /** No address of the other peer may be checked. */
  "no-candidates",
  /** UDP reaches nobody but the relay. */
  "udp-blocked",
  /** This peer's policy. */
  "policy",
  /** The other peer's policy. */
  "peer-policy",
  /** One of the peers has no direct paths. */
  "peer-unsupported",
  /** Both NATs choose random ports. */
  "nat-hard-both",
  /** No check was answered. */
  "checks-timeout",
  /** The direct path loses too many packets. */
  "lossy",
  /** The direct path takes longer than the relay. */
  "slower-than-relay",
  /** The direct path has failed, and rests. */
  "quarantined",
] as const;

/** Why a connection is on the relay: one of {@link relayReasons}. */
export type RelayReason = (typeof relayReasons)[number];

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
