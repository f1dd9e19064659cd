import type { KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import {
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTHeaderParameters,
  type JWTVerifyOptions,
} from "jose";
import * as defaults from "../../defaults/index.ts";
import { type SigningKey, signingKeyOf } from "./signing-key.ts";
import type { VerifiedToken } from "./claims.ts";

/** A token that fits more keys than are tried per token. */
export class AmbiguousTokenError extends Error {
  override readonly name = "AmbiguousTokenError";
}

/** Keys read before the event loop gets its turn. Each takes up to 0.5 ms. */
const keysAtAStretch = 16;
const maxFaultsNamed = 5;
/** Log message for a set with {@link KeySet.faults}. */
export const unusableKeys = "keys of the issuer cannot be used: tokens that they sign are refused";

/** The signing keys of a key set (RFC 7517 §5). An unusable key does not affect the others. */
export class KeySet {
  readonly #keys: readonly SigningKey[];

  private constructor(keys: readonly SigningKey[]) {
    this.#keys = keys;
  }

  static of(members: readonly unknown[]): KeySet {
    return new KeySet(members.map((member, index) => signingKeyOf(member, index)));
  }

  /** Reads keys and yields to the event loop in between: an issuer may have very many. */
  static async read(members: readonly unknown[]): Promise<KeySet> {
    const keys: SigningKey[] = [];
    for (const [index, member] of members.entries()) {
      keys.push(signingKeyOf(member, index));
      if (keys.length % keysAtAStretch === 0) await setImmediate();
    }
    return new KeySet(keys);
  }

  /** Whether any key can verify a token. */
  get isUsable(): boolean {
    return this.#keys.some(({ key }) => key !== undefined);
  }

  /** The unusable keys with their faults; `undefined` if there are none. */
  get faults(): string | undefined {
    const faults = this.#keys.flatMap(({ fault }) => fault ?? []);
    if (faults.length === 0) return undefined;
    const others = faults.length - maxFaultsNamed;
    return faults.slice(0, maxFaultsNamed).join("; ") + (others > 0 ? `; and ${others} more` : "");
  }

  /**
   * Verifies a token with each fitting key in turn.
   *
   * @throws AmbiguousTokenError; errors of jose about the token.
   */
  async verify(token: string, options: JWTVerifyOptions): Promise<VerifiedToken> {
    let untried: KeyObject[] | undefined;
    const next = (header: JWTHeaderParameters): KeyObject => {
      untried ??= this.#fitting(header);
      return untried.shift()!;
    };
    for (;;)
      try {
        return await jwtVerify(token, next, options);
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed) || !untried?.length) throw error;
      }
  }

  #fitting({ alg, kid }: JWTHeaderParameters): KeyObject[] {
    const named = this.#keys.filter(
      (key) => key.algorithms.includes(alg) && (kid === undefined || kid === key.kid),
    );
    if (named.length === 0) throw new errors.JWKSNoMatchingKey();
    const fitting = named.flatMap(({ key }) => key ?? []);
    // The fitting keys are known to be unusable, so no signature by them is valid.
    if (fitting.length === 0) throw new errors.JWSSignatureVerificationFailed();
    if (fitting.length <= defaults.maxKeysPerToken) return fitting;
    throw new AmbiguousTokenError(
      `${fitting.length} keys fit it, and at most ${defaults.maxKeysPerToken} are tried: it has to name its key by a "kid" of its own`,
    );
  }
}

/** Reports whether a token was rejected because its key is not in the set. The key may be newer than the set. */
export function isOfUnknownKey(token: string, error: unknown): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return true;
  const isForeign = error instanceof errors.JWSSignatureVerificationFailed;
  return isForeign && decodeProtectedHeader(token).kid === undefined;
}
