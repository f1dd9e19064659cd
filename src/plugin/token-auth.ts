import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { QuicpipeError, isQuicpipeError } from "../errors.ts";
import type { TokenAuthSettings } from "./auth-settings.ts";
import type { Authenticate } from "./identity.ts";
import type { Limits } from "./limits.ts";
import { identityOf, tokenInvalid, type VerifiedToken } from "./token-identity.ts";

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
      return identityOf(await verifiedBy(key, token, options), limits, clockTolerance);
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

/** Checks a token with the key that it names, or, where it names none, with each that fits. */
async function verifiedBy(
  keys: JWTVerifyGetKey,
  token: string,
  options: JWTVerifyOptions,
): Promise<VerifiedToken> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const verified = await unlessForeign(jwtVerify(token, key, options));
      if (verified) return verified;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Waits for a check with one key; `undefined` if another key signed the token. */
async function unlessForeign(check: Promise<VerifiedToken>): Promise<VerifiedToken | undefined> {
  try {
    return await check;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    throw error;
  }
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
  return tokenInvalid(error.message, error);
}

function isUnsigned(token: string): boolean {
  const header = Buffer.from(token.split(".", 1)[0]!, "base64url").toString();
  return /"alg"\s*:\s*"none"/i.test(header);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
