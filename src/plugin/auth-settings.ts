import type { JSONWebKeySet } from "jose";
import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import { optionInvalid, requireInteger, requireOptions, requireTexts } from "./option-checks.ts";

/** How requests are authenticated by JWT (design section 5). Exactly one of `jwks` and `secret`. */
export interface TokenAuthOptions {
  /** The issuer's public keys: the URL of its JWKS (RFC 7517), or the key set itself. */
  readonly jwks?: string | URL | JSONWebKeySet;
  /** A shared secret of at least 32 bytes (RFC 7518 §3.2); then only HS256 is accepted. */
  readonly secret?: string | Uint8Array;
  /** Accepted `iss`; any if absent. */
  readonly issuer?: string | readonly string[];
  /** Accepted `aud`; any if absent. Set it wherever the issuer serves more than this relay. */
  readonly audience?: string | readonly string[];
  /** Accepted `alg`, asymmetric ones only; all of RSA (PKCS #1 and PSS), ECDSA and EdDSA if absent. */
  readonly algorithms?: readonly string[];
  /** Clock skew allowed in a token's times, in seconds, 0 to 300; 5 if absent. */
  readonly clockTolerance?: number;
}

/** {@link TokenAuthOptions} after validation. */
export interface TokenAuthSettings {
  /** Where the keys are: a JWKS, its URL, or a shared secret. */
  readonly keys: URL | JSONWebKeySet | Uint8Array;
  readonly issuer: string[] | undefined;
  readonly audience: string[] | undefined;
  readonly algorithms: readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
}

/** `"development"` stands for the local development key, which is read or made when the relay starts. */
export type AuthSettings = "none" | "development" | TokenAuthSettings;

/** Public keys only: with these, whoever can verify a token cannot make one (RFC 8725 §3.1). */
const asymmetricAlgorithms: readonly string[] = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
];
const minSecretBytes = 32;
const tokenOptionNames = ["jwks", "secret", "issuer", "audience", "algorithms", "clockTolerance"] as const;

/**
 * Validates the option `auth`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option; ERR_QUICPIPE_AUTH_REQUIRED without it in production.
 */
export function resolveAuth(auth: "none" | TokenAuthOptions | undefined, production: boolean): AuthSettings {
  if (auth === "none") return auth;
  if (auth === undefined) {
    if (!production) return "development";
    throw new QuicpipeError(
      "ERR_QUICPIPE_AUTH_REQUIRED",
      'NODE_ENV is "production" and there is no option auth: set auth.jwks to your issuer\'s JWKS URL, or spell out auth: "none"',
    );
  }
  if (typeof auth !== "object") throw optionInvalid("auth", auth, '"none" or an object');
  const options = requireOptions("auth", auth, tokenOptionNames);
  return {
    ...resolveKeys(options),
    issuer: requireTexts("auth.issuer", options.issuer),
    audience: requireTexts("auth.audience", options.audience),
    clockTolerance: requireInteger("auth.clockTolerance", options.clockTolerance, {
      min: 0,
      max: 300,
      fallback: defaults.clockToleranceSeconds,
    }),
  };
}

/** Settings for tokens under a shared secret. */
export function secretSettings(secret: Uint8Array): Pick<TokenAuthSettings, "keys" | "algorithms"> {
  return { keys: secret, algorithms: ["HS256"] };
}

function resolveKeys(options: TokenAuthOptions): Pick<TokenAuthSettings, "keys" | "algorithms"> {
  const { jwks, secret } = options;
  const algorithms = requireTexts("auth.algorithms", options.algorithms);
  if ((jwks === undefined) === (secret === undefined))
    throw new QuicpipeError(
      "ERR_QUICPIPE_OPTION_INVALID",
      "option auth needs one of auth.jwks and auth.secret",
      {
        details: { option: "auth" },
      },
    );
  if (jwks === undefined) {
    if (algorithms) throw optionInvalid("auth.algorithms", algorithms, "absent: auth.secret means HS256");
    return secretSettings(resolveSecret(secret));
  }
  if (algorithms && !algorithms.every((name) => asymmetricAlgorithms.includes(name)))
    throw optionInvalid("auth.algorithms", algorithms, `a list out of ${asymmetricAlgorithms.join(", ")}`);
  return { keys: resolveJwks(jwks), algorithms: algorithms ?? asymmetricAlgorithms };
}

function resolveSecret(secret: unknown): Uint8Array {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
  if (bytes instanceof Uint8Array && bytes.length >= minSecretBytes) return bytes;
  throw optionInvalid("auth.secret", secret, `a string or Uint8Array of at least ${minSecretBytes} bytes`);
}

function resolveJwks(jwks: unknown): URL | JSONWebKeySet {
  const url = typeof jwks === "string" ? URL.parse(jwks) : jwks;
  if (url instanceof URL && /^https?:$/.test(url.protocol)) return url;
  if (isKeySet(jwks)) return jwks;
  throw optionInvalid("auth.jwks", jwks, "an https: URL or a key set with an array keys");
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);
}
