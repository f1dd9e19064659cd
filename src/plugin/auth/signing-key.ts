import { isJsonObject } from "../../option-checks.ts";
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { shown } from "../options/keys.ts";

/** A member of a key set, as far as it concerns signatures. */
export interface SigningKey {
  readonly kid: string | undefined;
  /** The algorithms that it may be used with; none for a key with another purpose. */
  readonly algorithms: readonly string[];
  /** Absent if the key is faulty, or not for signatures. */
  readonly key: KeyObject | undefined;
  /** The key's name and the reason why it is unusable. */
  readonly fault: string | undefined;
}

/** RFC 7518 §3.3, §3.5. */
const rsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
/** Algorithms of each curve: RFC 7518 §3.4, RFC 8037 §3.1, RFC 9864 §2.2. */
const curveAlgorithms = new Map<unknown, readonly string[]>([
  ["EC P-256", ["ES256"]],
  ["EC P-384", ["ES384"]],
  ["EC P-521", ["ES512"]],
  ["OKP Ed25519", ["EdDSA", "Ed25519"]],
]);
/** RFC 7518 §3.3. */
const minModulusBits = 2048;

/** Parses a member of a key set. Keys for another purpose have no algorithms and no fault, as issuers publish them beside signing keys. */
export function signingKeyOf(member: unknown, index: number): SigningKey {
  if (!isJsonObject(member))
    return { kid: undefined, algorithms: [], key: undefined, fault: `key ${index}: it is no object` };
  const jwk = member as JsonWebKey;
  const kid = typeof jwk["kid"] === "string" ? jwk["kid"] : undefined;
  const algorithms = algorithmsOf(jwk);
  if (algorithms.length === 0) return { kid, algorithms, key: undefined, fault: undefined };
  const key = publicKeyOf(jwk);
  if (typeof key !== "string") return { kid, algorithms, key, fault: undefined };
  const name = kid === undefined ? `key ${index}` : `key ${index} (kid ${shown(kid)})`;
  return { kid, algorithms, key: undefined, fault: `${name}: ${key}` };
}

/** Returns the algorithms of a key, by its type and the constraints of its other members (RFC 7517 §4.2 to §4.4). */
function algorithmsOf({ kty, crv, alg, use, key_ops: operations }: JsonWebKey): readonly string[] {
  if (use !== undefined && use !== "sig") return [];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return [];
  const algorithms = kty === "RSA" ? rsaAlgorithms : (curveAlgorithms.get(`${kty} ${crv}`) ?? []);
  return alg === undefined ? algorithms : algorithms.filter((name) => name === alg);
}

/** Returns the public key of a JWK, or the reason why it is unusable. */
function publicKeyOf(jwk: JsonWebKey): KeyObject | string {
  if (jwk.d !== undefined) return "it is a private key: every reader of it can sign tokens";
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return weaknessOf(key) ?? key;
  } catch (error) {
    return shown(error instanceof Error ? error.message : String(error));
  }
}

function weaknessOf({ asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength: bits, publicExponent: exponent } = asymmetricKeyDetails ?? {};
  if (bits !== undefined && bits < minModulusBits)
    return `its modulus has ${bits} bits, and ${minModulusBits} are the least`;
  // RFC 8017 §3.1. With exponent 1, anyone can forge a signature.
  if (exponent !== undefined && (exponent < 3n || exponent % 2n === 0n))
    return "its exponent is no odd number from 3 on";
  return undefined;
}
