import { type JSONWebKeySet, type JWTVerifyOptions, jwtVerify } from "jose";
import { QuicpipeError, isQuicpipeError } from "../../errors.ts";
import type { TokenAuthSettings } from "../options/auth.ts";
import { type AuthContext, type Authenticate, bearerTokenOf } from "./identity.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { AmbiguousTokenError, KeySet, unusableKeys } from "./key-set.ts";
import type { Log } from "../log.ts";
import { optionInvalid } from "../../option-checks.ts";
import { identityOf, tokenInvalid, type VerifiedToken } from "./claims.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

/**
 * Returns a function that authenticates requests by `Authorization: Bearer` JWT (RFC 6750, RFC 8725).
 *
 * It throws ERR_QUICPIPE_TOKEN_MISSING, ERR_QUICPIPE_TOKEN_INVALID, ERR_QUICPIPE_TOKEN_EXPIRED, ERR_QUICPIPE_TOKEN_UNSIGNED,
 * ERR_QUICPIPE_TOKEN_AUDIENCE or, without judging the token, ERR_QUICPIPE_JWKS_UNAVAILABLE.
 */
export function createTokenAuthentication(settings: TokenAuthSettings, context: AuthContext): Authenticate {
  const verifier = verifierOf(settings, context);
  const { issuer, audience, clockTolerance } = settings;
  const verified = new VerifiedTokens();
  return async (request) => {
    const token = requireBearerToken(request.headers);
    const known = verified.get(token, context.now());
    if (known) return known;
    const options = {
      ...(issuer && { issuer }),
      ...(audience && { audience }),
      algorithms: [...settings.algorithms],
      clockTolerance,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(context.now()),
    };
    try {
      const identity = identityOf(await verifier.verify(token, options), context.limits, clockTolerance);
      verified.add(token, identity, context.now());
      return identity;
    } catch (error) {
      if (error instanceof AmbiguousTokenError)
        context.log.write("warn", "key-unnamed", "a token was refused that does not name its key", {
          cause: error.message,
        });
      throw refusalOf(error, token);
    }
  };
}

/** Verifies a token's signature and times. */
interface Verifier {
  verify(token: string, options: JWTVerifyOptions): Promise<VerifiedToken>;
}

/** Returns the verifier with the configured keys. */
function verifierOf({ keys, keyGraceMs }: TokenAuthSettings, { log, now, signal }: AuthContext): Verifier {
  if (keys.kind === "secret") return { verify: (token, options) => jwtVerify(token, keys.secret, options) };
  if (keys.kind === "set") return givenKeys(keys.set, log);
  return new IssuerKeys({ origin: keys, graceMs: keyGraceMs, log, now, signal });
}

/** Reads the key set given by the operator. */
function givenKeys(set: JSONWebKeySet, log: Pick<Log, "write">): KeySet {
  const keys = KeySet.of(set.keys);
  const { faults: cause } = keys;
  if (!keys.isUsable)
    throw optionInvalid(
      "auth.jwks",
      set,
      `a set with a key to check signatures with${cause ? ` (${cause})` : ""}`,
    );
  if (cause !== undefined) log.write("warn", "keys", unusableKeys, { cause });
  return keys;
}

function requireBearerToken(headers: Headers): string {
  const token = bearerTokenOf(headers);
  if (token !== undefined) return token;
  throw new QuicpipeError(
    "ERR_QUICPIPE_TOKEN_MISSING",
    "the request has no token: send it as `Authorization: Bearer <token>`",
  );
}

/** Converts an error about the token to a {@link QuicpipeError}. Other errors are returned unchanged. */
function refusalOf(error: unknown, token: string): unknown {
  if (isQuicpipeError(error)) return error;
  if (error instanceof AmbiguousTokenError) return tokenInvalid(error.message, error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
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
