import type { JSONWebKeySet } from "jose";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { Scope } from "../../protocol.ts";
import type { Quota } from "../../registry/index.ts";
import { type KeySettings, resolveKeys } from "./keys.ts";
import {
  optionInvalid,
  type OptionTable,
  range,
  requireIntegers,
  requireOptions,
  requireTexts,
} from "../../option-checks.ts";

/** JWT authentication of requests. Takes one of `jwks` and `secret`, or `issuer` alone. */
export interface TokenAuthOptions {
  /** The issuer's public keys: the URL of its JWKS (RFC 7517), or the key set itself. `http:` URLs are allowed for loopback only. */
  readonly jwks?: string | URL | JSONWebKeySet;
  /** A shared secret of at least 32 bytes (RFC 7518 §3.2). Only HS256 is then accepted. */
  readonly secret?: string | Uint8Array;
  /**
   * Accepted `iss`; any if absent. Without `jwks` and `secret` it must be a single URL, whose discovery document locates the
   * keys (OpenID Connect Discovery 1.0).
   */
  readonly issuer?: string | readonly string[];
  /** Accepted `aud`; any if absent. Set it if the issuer serves more than this relay. */
  readonly audience?: string | readonly string[];
  /** Accepted `alg`, asymmetric ones only. Default: all of RSA (PKCS #1 and PSS), ECDSA and EdDSA. */
  readonly algorithms?: readonly string[];
  /** Clock skew allowed in a token's times, in seconds, 0 to 300. Default 5. */
  readonly clockTolerance?: number;
  /** Time for which fetched keys stay valid while they cannot be fetched again, in ms, 0 to 30 days. Default one day. */
  readonly keyGraceMs?: number;
}

/** A peer as an {@link AuthFunction} identifies it. */
export interface AuthorizedPeer {
  /** Name of the peer: 1 to 256 bytes of UTF-8, not `.` or `..`. */
  readonly subject: string;
  /** Scopes of the peer (docs/protocol.md). */
  readonly scopes: readonly Scope[];
  /** Quota of the peer, each figure capped by the option `limits`; that of `limits` if absent. */
  readonly quota?: Partial<Quota>;
  /** Names that the peer may send messages to; any if absent. */
  readonly peers?: readonly string[];
  /** End of validity, in ms since the epoch, at most 30 days away; an hour from now if absent. Event streams end then. */
  readonly expiresAtMs?: number;
}

/**
 * Function of the app that names the sender of a request, by a cookie of its sign-in, for example; `null` if it cannot. A
 * result that is malformed, or has an unknown member, is refused as a whole.
 *
 * If the request has a bearer token, the function must judge it by that token alone: the relay then lets it change something
 * even if a page of another origin sent it.
 *
 * For a request to the console it may get URL and headers alone, as a GET without body and address.
 */
export type AuthFunction = (request: Request) => AuthorizedPeer | null | Promise<AuthorizedPeer | null>;

/** {@link TokenAuthOptions} after validation. */
export interface TokenAuthSettings extends KeySettings {
  readonly issuer: string[] | undefined;
  readonly audience: string[] | undefined;
  /** Clock skew allowed in a token's times, in seconds. */
  readonly clockTolerance: number;
  /** Time for which fetched keys stay valid while they cannot be fetched again, in ms. */
  readonly keyGraceMs: number;
}

/** Validated option `auth`. `"development"` is the local development key, read or created when the relay starts. */
export type AuthSettings = "none" | "development" | AuthFunction | TokenAuthSettings;

const ranges = {
  clockTolerance: range(0, defaults.clockToleranceSeconds, 300),
  keyGraceMs: range(0, defaults.keyGraceMs, defaults.maxKeyGraceMs),
};
const tokenTable: OptionTable<TokenAuthOptions> = {
  ...ranges,
  jwks: true,
  secret: true,
  issuer: true,
  audience: true,
  algorithms: true,
};

/**
 * Validates the option `auth`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option; ERR_QUICPIPE_AUTH_REQUIRED if it is absent in production.
 */
export function resolveAuth(
  auth: "none" | AuthFunction | TokenAuthOptions | undefined,
  production: boolean,
): AuthSettings {
  if (auth === "none" || typeof auth === "function") return auth;
  if (auth === undefined) {
    if (!production) return "development";
    throw new QuicpipeError(
      "ERR_QUICPIPE_AUTH_REQUIRED",
      'NODE_ENV is "production" and there is no option auth: set auth.issuer to your issuer\'s URL or auth.jwks to that of its keys, or spell out auth: "none"',
    );
  }
  if (typeof auth !== "object") throw optionInvalid("auth", auth, '"none", a function or an object');
  return resolveTokenAuth(auth);
}

/** Validates the option `auth` where it is an object. @throws ERR_QUICPIPE_OPTION_INVALID, naming the option */
export function resolveTokenAuth(auth: TokenAuthOptions): TokenAuthSettings {
  const options = requireOptions("auth", auth, tokenTable);
  return {
    ...resolveKeys(options),
    issuer: requireTexts("auth.issuer", options.issuer),
    audience: requireTexts("auth.audience", options.audience),
    ...requireIntegers("auth", options, ranges),
  };
}
