import type { JWTHeaderParameters, JWTPayload } from "jose";
import { isJsonObject } from "../../option-checks.ts";
import { QuicpipeError } from "../../errors.ts";
import { isName, maxNameBytes } from "../../protocol.ts";
import { narrowQuota, type Quota } from "../../registry/index.ts";
import type { Limits } from "../options/limits.ts";
import { type Identity, subjectQuota } from "./identity.ts";

/** A token with valid signature and times. */
export interface VerifiedToken {
  readonly payload: JWTPayload;
  readonly protectedHeader: Partial<JWTHeaderParameters>;
}

/**
 * Returns the identity of a token's holder.
 *
 * @throws ERR_QUICPIPE_TOKEN_INVALID if the token has another type, or a malformed claim.
 */
export function identityOf(
  { payload, protectedHeader }: VerifiedToken,
  limits: Limits,
  clockToleranceSeconds: number,
): Identity {
  if (!isAccessToken(protectedHeader.typ))
    throw tokenInvalid('its "typ" must be JWT or at+jwt, or be left out');
  const { sub, exp = 0 } = payload;
  if (typeof sub !== "string" || !isName(sub))
    throw tokenInvalid(`its "sub" must be a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`);
  // The cookie of a session and timers take no later time.
  if (!Number.isSafeInteger(Math.floor(exp)))
    throw tokenInvalid('its "exp" must be a number of seconds up to 2^53 - 1');
  const scopes = parseScopes(payload);
  if (!scopes) throw tokenInvalid('its "scope" or "scp" must be a string or a list of strings');
  const claim = parseRelayClaim(payload["quicpipe"]);
  if (typeof claim === "string") throw tokenInvalid(`its claim "quicpipe" is malformed: ${claim}`);
  return {
    subject: sub,
    scopes,
    quota: narrowQuota(subjectQuota(limits), claim.quota),
    peers: claim.peers,
    limited: true,
    account: sub,
    expiresAtMs: (exp + clockToleranceSeconds) * 1000,
  };
}

/** Returns the error for an invalid token. */
export function tokenInvalid(reason: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_TOKEN_INVALID", `the token is not valid: ${reason}`, { cause });
}

/**
 * Reports whether a header's `typ` denotes an access token: RFC 7519 §5.1, RFC 9068 §2.1, with or without `application/`
 * (RFC 7515 §4.1.9). A token signed for another use is not valid here (RFC 8725 §3.11).
 */
function isAccessToken(typ: unknown): boolean {
  if (typ === undefined) return true;
  return typeof typ === "string" && /^(?:application\/)?(?:at\+)?jwt$/i.test(typ);
}

/** The `quicpipe` claim of a token (docs/protocol.md, "HTTP interface"). */
export interface RelayClaim {
  readonly quota: Partial<Quota>;
  /** Subjects that may receive mailbox messages from this one; any if absent. */
  readonly peers: ReadonlySet<string> | undefined;
}

/** Longest part of a name shown in a refusal, in characters. */
const maxShown = 40;
const figures = new Set(["maxCids", "maxRegistrations", "bytesPerSecond", "maxTtlMs"]);

/**
 * Parses the `quicpipe` claim. Returns a clause that states the fault of a malformed one. An unknown member is a fault too:
 * it was meant to narrow something, and ignoring it would grant more than the issuer intended.
 */
export function parseRelayClaim(claim: unknown): RelayClaim | string {
  if (claim === undefined) return { quota: {}, peers: undefined };
  if (!isJsonObject(claim)) return "it is no object";
  const { peers, ...rest } = claim;
  if ("ttlMs" in rest) return 'its member "ttlMs" is now called "maxTtlMs"';
  const unknown = Object.keys(rest).find((name) => !figures.has(name));
  if (unknown !== undefined) return `its member ${JSON.stringify(unknown.slice(0, maxShown))} is unknown`;
  const wrong = Object.entries(rest).find(([, value]) => !isFigure(value));
  if (wrong) return `its member "${wrong[0]}" is no whole number above 0`;
  if (peers !== undefined && !isNameList(peers)) return 'its member "peers" is no list of names';
  return { quota: rest as Partial<Quota>, peers: peers && new Set(peers) };
}

/**
 * Parses the scopes of a token; `undefined` if they are malformed. Issuers use the claim `scope` (RFC 8693 §4.2) or `scp`,
 * either as space-separated text or as a list. Both claims together add up.
 */
function parseScopes({ scope, scp }: JWTPayload): ReadonlySet<string> | undefined {
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
