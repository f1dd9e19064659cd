import type { JWTHeaderParameters, JWTPayload } from "jose";
import { QuicpipeError } from "../../errors.ts";
import { isName, maxNameBytes } from "../../protocol.ts";
import { narrowQuota } from "../../registry/index.ts";
import { parseRelayClaim, parseScopes } from "./claims.ts";
import { type Identity, subjectQuota } from "./identity.ts";
import type { Limits } from "../options/limits.ts";

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
