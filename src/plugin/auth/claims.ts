import type { JWTPayload } from "jose";
import type { Quota } from "../../registry/index.ts";

/** The `quicpipe` claim of a token (docs/protocol.md, "HTTP interface"). */
export interface RelayClaim {
  readonly quota: Partial<Quota>;
  /** Subjects that may receive mailbox messages from this one; any if absent. */
  readonly peers: ReadonlySet<string> | undefined;
}

/** Longest part of a name shown in a refusal, in characters. */
const maxShown = 40;
const figures = new Set(["maxCids", "maxRegistrations", "bytesPerSecond", "ttlMs"]);

/**
 * Parses the `quicpipe` claim. Returns a clause that states the fault of a malformed one. An unknown member is a fault too:
 * it was meant to narrow something, and ignoring it would grant more than the issuer intended.
 */
export function parseRelayClaim(claim: unknown): RelayClaim | string {
  if (claim === undefined) return { quota: {}, peers: undefined };
  if (typeof claim !== "object" || claim === null || Array.isArray(claim)) return "it is no object";
  const { peers, ...rest } = claim as Record<string, unknown>;
  const unknown = Object.keys(rest).find((name) => !figures.has(name));
  if (unknown !== undefined) return `its member ${JSON.stringify(unknown.slice(0, maxShown))} is unknown`;
  const wrong = Object.entries(rest).find(([, value]) => !isFigure(value));
  if (wrong) return `its member "${wrong[0]}" is no whole number above 0`;
  if (peers !== undefined && !isNameList(peers)) return 'its member "peers" is no list of names';
  const { ttlMs, ...quota } = rest as Record<string, number>;
  return {
    quota: { ...quota, ...(ttlMs !== undefined && { maxTtlMs: ttlMs }) },
    peers: peers && new Set(peers),
  };
}

/**
 * Parses the scopes of a token; `undefined` if they are malformed. Issuers use the claim `scope` (RFC 8693 §4.2) or `scp`,
 * either as space-separated text or as a list. Both claims together add up.
 */
export function parseScopes({ scope, scp }: JWTPayload): ReadonlySet<string> | undefined {
  const lists = [scope, scp].map((claim) => scopeList(claim ?? []));
  return lists.every((list) => list !== undefined) ? new Set(lists.flat()) : undefined;
}

function scopeList(claim: unknown): readonly string[] | undefined {
  if (typeof claim === "string") return claim.split(" ");
  return isNameList(claim) ? claim : undefined;
}

/** Reports whether a value is a figure of a quota: a whole number above 0. */
export function isFigure(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** Reports whether a value is a list of strings. */
export function isNameList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
