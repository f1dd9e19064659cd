import type { JWTPayload } from "jose";
import type { Quota } from "../../registry/index.ts";

/** What the claim `quicpipe` of a token says (docs/protocol.md, "HTTP interface"). */
export interface RelayClaim {
  readonly quota: Partial<Quota>;
  /** Whom the subject may send mailbox messages to; anybody if absent. */
  readonly peers: ReadonlySet<string> | undefined;
}

/** Characters of a name that a refusal shows. */
const maxShown = 40;
const figures = new Set(["maxCids", "maxRegistrations", "bytesPerSecond", "ttlMs"]);

/**
 * Reads the claim `quicpipe`; says in a clause what is wrong with one that is malformed. A member that is unknown here makes
 * it so too: it was meant to narrow something, and ignoring it would grant more than the issuer did.
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
 * Reads the scopes of a token; `undefined` if they are malformed. Issuers write them as `scope` (RFC 8693 §4.2) or as
 * `scp`, and either as a text with spaces between them or as a list. Where a token has both, they add up.
 */
export function parseScopes({ scope, scp }: JWTPayload): ReadonlySet<string> | undefined {
  const lists = [scope, scp].map((claim) => scopeList(claim ?? []));
  return lists.every((list) => list !== undefined) ? new Set(lists.flat()) : undefined;
}

function scopeList(claim: unknown): string[] | undefined {
  if (typeof claim === "string") return claim.split(" ");
  return isNameList(claim) ? claim : undefined;
}

function isFigure(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isNameList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
