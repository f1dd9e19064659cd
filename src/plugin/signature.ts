import { decodeProtectedHeader, errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import type { VerifiedToken } from "./token-identity.ts";

/**
 * Checks a token with the key that it names, or, where it names none, with each that fits.
 *
 * @throws what jose throws about the token.
 */
export async function verifiedBy(
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

/** Whether a token was refused as its key is none of those it was checked with: it may be a newer one. */
export function isOfUnknownKey(token: string, error: unknown): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return true;
  const isForeign = error instanceof errors.JWSSignatureVerificationFailed;
  return isForeign && decodeProtectedHeader(token).kid === undefined;
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
