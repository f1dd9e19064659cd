import type { Quota } from "../registry/index.ts";

/** What the claim `quicpipe` of a token says (design section 5). */
export interface RelayClaim {
  readonly quota: Partial<Quota>;
  /** Whom the subject may send mailbox messages to; anybody if absent. */
  readonly peers: ReadonlySet<string> | undefined;
}

const figures = new Set(["maxCids", "maxRegistrations", "bytesPerSecond", "ttlMs"]);

/**
 * Reads the claim `quicpipe`; `undefined` if it is malformed. A member that is unknown here makes it so too:
 * it was meant to narrow something, and ignoring it would grant more than the issuer did.
 */
export function parseRelayClaim(claim: unknown): RelayClaim | undefined {
  if (claim === undefined) return { quota: {}, peers: undefined };
  if (typeof claim !== "object" || claim === null || Array.isArray(claim)) return undefined;
  const { peers, ...rest } = claim as Record<string, unknown>;
  if (!Object.entries(rest).every(([name, value]) => figures.has(name) && isFigure(value))) return undefined;
  if (peers !== undefined && !isNameList(peers)) return undefined;
  const { ttlMs, ...quota } = rest as Record<string, number>;
  return {
    quota: { ...quota, ...(ttlMs !== undefined && { maxTtlMs: ttlMs }) },
    peers: peers && new Set(peers),
  };
}

function isFigure(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isNameList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
