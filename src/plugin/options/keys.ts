import type { JSONWebKeySet } from "jose";
import { QuicpipeError } from "../../errors.ts";
import {
  elementInvalid,
  hiddenInvalid,
  isJsonObject,
  optionError,
  optionInvalid,
  requireTexts,
} from "../../option-checks.ts";
import { isLoopbackHost } from "../../wire/address.ts";

/** Source of an issuer's keys: a URL, or the issuer's discovery document. */
export type KeyOrigin =
  | { readonly kind: "jwks"; readonly url: URL }
  | { readonly kind: "issuer"; readonly issuer: string };

/** The keys that verify tokens. */
export type KeySetting =
  | KeyOrigin
  | { readonly kind: "set"; readonly set: JSONWebKeySet }
  | { readonly kind: "secret"; readonly secret: Uint8Array };

/** Keys, and the algorithms that they may be used with. */
export interface KeySettings {
  readonly keys: KeySetting;
  readonly algorithms: readonly string[];
}

/** Public-key algorithms only, so that a verifier cannot create tokens (RFC 8725 §3.1). */
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

/**
 * Validates the options for the keys: those of `secret`, of `jwks`, or else those that `issuer` publishes.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option.
 */
export function resolveKeys(
  options: Partial<Record<"jwks" | "secret" | "issuer" | "algorithms", unknown>>,
): KeySettings {
  const { jwks, secret, issuer } = options;
  const algorithms = requireTexts("auth.algorithms", options.algorithms);
  if (jwks !== undefined && secret !== undefined)
    throw optionError("auth", "option auth takes one of auth.jwks and auth.secret, not both");
  if (secret !== undefined) {
    if (algorithms) throw optionInvalid("auth.algorithms", algorithms, "absent: auth.secret means HS256");
    return { keys: { kind: "secret", secret: resolveSecret(secret) }, algorithms: ["HS256"] };
  }
  const wrong = algorithms?.find((name) => !asymmetricAlgorithms.includes(name));
  if (wrong !== undefined)
    throw elementInvalid("auth.algorithms", wrong, `a list out of ${asymmetricAlgorithms.join(", ")}`);
  const keys = jwks === undefined ? resolveIssuer(issuer) : resolveJwks(jwks);
  return { keys, algorithms: algorithms ?? asymmetricAlgorithms };
}

function resolveSecret(secret: unknown): Uint8Array {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
  if (bytes instanceof Uint8Array && bytes.length >= minSecretBytes) return bytes;
  throw hiddenInvalid("auth.secret", secret, `a string or Uint8Array of at least ${minSecretBytes} bytes`);
}

function resolveJwks(jwks: unknown): KeySetting {
  if (isKeySet(jwks) && jwks.keys.every(isJsonObject)) return { kind: "set", set: { keys: [...jwks.keys] } };
  const url = typeof jwks === "string" ? URL.parse(jwks) : jwks;
  if (url instanceof URL && isTrustedOrigin(url)) return { kind: "jwks", url };
  throw urlInvalid("auth.jwks", jwks, `${trusted}, or a key set with an array keys of objects`);
}

/** Requires the name of a single issuer: a URL without query and fragment (OpenID Connect Core §2). */
function resolveIssuer(issuer: unknown): KeySetting {
  if (issuer === undefined)
    throw optionError("auth", "option auth needs one of auth.jwks, auth.issuer and auth.secret");
  const [name = "", ...others] = requireTexts("auth.issuer", issuer) ?? [];
  const url = URL.parse(name);
  if (others.length === 0 && url && isTrustedOrigin(url) && !/[?#]/.test(name))
    return { kind: "issuer", issuer: name };
  throw urlInvalid(
    "auth.issuer",
    issuer,
    `${trusted}, as there is no auth.jwks: its keys are looked up there`,
  );
}

/** Shows only the origin of a URL, and no text with a user or a query in it. The rest may be a secret. */
function urlInvalid(path: string, value: unknown, allowed: string): QuicpipeError {
  const url = URL.parse(String(value));
  if (url?.host) return optionInvalid(path, `${url.protocol}//${url.host}/…`, allowed);
  return /[@?#]/.test(String(value))
    ? hiddenInvalid(path, value, allowed)
    : optionInvalid(path, value, allowed);
}

const trusted = "an https: URL (http: for loopback alone) without user and password";

/** Reports whether a URL's response certainly comes from its host: by TLS, or because it never leaves the machine. */
export function isTrustedOrigin({ protocol, hostname, username, password }: URL): boolean {
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  return protocol === "http:" && isLoopbackHost(hostname);
}

/** Reports whether a value has the form of a key set (RFC 7517 §5). The keys are not checked. */
export function isKeySet(value: unknown): value is { readonly keys: readonly unknown[] } {
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  return Array.isArray(keys);
}

/** Formats a foreign value for a message, cut to 200 characters. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : String(JSON.stringify(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
