import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { QuicpipeError, isQuicpipeError } from "../errors.ts";
import { maxNameBytes } from "../protocol.ts";
import { narrowQuota } from "../registry/index.ts";
import type { TokenAuthSettings } from "./auth-settings.ts";
import { parseRelayClaim } from "./claims.ts";
import { type Authenticate, type Identity, subjectQuota } from "./identity.ts";
import type { Limits } from "./limits.ts";

/**
 * Authenticates by `Authorization: Bearer` JWT (design section 5, RFC 6750, RFC 8725).
 *
 * The returned function throws ERR_QUICPIPE_TOKEN_MISSING, ERR_QUICPIPE_TOKEN_INVALID,
 * ERR_QUICPIPE_TOKEN_EXPIRED, ERR_QUICPIPE_TOKEN_UNSIGNED, ERR_QUICPIPE_TOKEN_AUDIENCE or, without
 * blaming the token, ERR_QUICPIPE_JWKS_UNAVAILABLE.
 */
export function createTokenAuthentication(
  settings: TokenAuthSettings,
  limits: Limits,
  now: () => number,
): Authenticate {
  const key = keySource(settings.keys);
  const { issuer, audience, clockTolerance } = settings;
  return async (headers) => {
    const token = requireBearerToken(headers);
    const options = {
      ...(issuer && { issuer }),
      ...(audience && { audience }),
      algorithms: [...settings.algorithms],
      clockTolerance,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(now()),
    };
    try {
      const { payload } = await jwtVerify(token, key, options);
      return identityOf(payload, limits, clockTolerance);
    } catch (error) {
      throw refusalOf(error, token);
    }
  };
}

function keySource(keys: TokenAuthSettings["keys"]): JWTVerifyGetKey {
  if (keys instanceof Uint8Array) return () => keys;
  if (!(keys instanceof URL)) return createLocalJWKSet(keys);
  const remote = createRemoteJWKSet(keys);
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (cause) {
      if (blamesToken.has(codeOf(cause))) throw cause;
      throw new QuicpipeError(
        "ERR_QUICPIPE_JWKS_UNAVAILABLE",
        "the keys that tokens are checked with cannot be fetched: try again later",
        { cause },
      );
    }
  };
}

/** What a key set answers to a token that names no key of it; all else is the key set's own trouble. */
const blamesToken: ReadonlySet<unknown> = new Set([
  "ERR_JWKS_NO_MATCHING_KEY",
  "ERR_JWKS_MULTIPLE_MATCHING_KEYS",
  "ERR_JOSE_NOT_SUPPORTED",
]);

function requireBearerToken(headers: Headers): string {
  const [scheme, token] = (headers.get("authorization") ?? "").split(/ +/, 2);
  if (scheme?.toLowerCase() === "bearer" && token) return token;
  throw new QuicpipeError(
    "ERR_QUICPIPE_TOKEN_MISSING",
    "the request has no token: send it as `Authorization: Bearer <token>`",
  );
}

function identityOf(payload: JWTPayload, limits: Limits, clockTolerance: number): Identity {
  const { sub, exp = 0, scope = "" } = payload;
  // A lone surrogate has no UTF-8 form, so no recipient in a path could ever equal it.
  if (typeof sub !== "string" || sub === "" || !sub.isWellFormed() || Buffer.byteLength(sub) > maxNameBytes)
    throw invalid(`its "sub" must be a name of 1 to ${maxNameBytes} bytes`);
  if (typeof scope !== "string") throw invalid('its "scope" must be a string');
  const claim = parseRelayClaim(payload["quicpipe"]);
  if (!claim) throw invalid('its claim "quicpipe" is malformed');
  return {
    subject: sub,
    scopes: new Set(scope.split(" ")),
    quota: narrowQuota(subjectQuota(limits), claim.quota),
    peers: claim.peers,
    limited: true,
    expiresAtMs: (exp + clockTolerance) * 1000,
  };
}

/** Says in our codes why a token was refused; what is no refusal of the token passes through. */
function refusalOf(error: unknown, token: string): unknown {
  if (isQuicpipeError(error)) return error;
  const code = codeOf(error);
  if (!(error instanceof Error) || typeof code !== "string" || !code.startsWith("ERR_J")) return error;
  if (code === "ERR_JWT_EXPIRED")
    return new QuicpipeError("ERR_QUICPIPE_TOKEN_EXPIRED", "the token has expired: get a new one");
  if (isUnsigned(token))
    return new QuicpipeError("ERR_QUICPIPE_TOKEN_UNSIGNED", 'the token is not signed ("alg": "none")');
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED" && "claim" in error && error.claim === "aud")
    return new QuicpipeError("ERR_QUICPIPE_TOKEN_AUDIENCE", "the token is meant for another audience");
  return invalid(error.message, error);
}

function isUnsigned(token: string): boolean {
  const header = Buffer.from(token.split(".", 1)[0]!, "base64url").toString();
  return /"alg"\s*:\s*"none"/i.test(header);
}

function invalid(reason: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_TOKEN_INVALID", `the token is not valid: ${reason}`, { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
