import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import * as defaults from "../../defaults/index.ts";
import { optionError } from "../../option-checks.ts";
import { isName, maxNameBytes, scopes } from "../../protocol.ts";
import { createSecretFile, damaged, readSecretFile, statePath } from "../../files/state.ts";

/** Returns the path of the development key. */
export function developmentKeyPath(): string {
  return statePath("development.key");
}

const keyBytes = 32;

/**
 * Reads the key of local development tokens (HS256, 32 bytes), or creates it if there is none.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if no folder private to this user can hold it, other users may read the file, or
 *   its content is not a key.
 */
export function developmentKey(): Uint8Array {
  const path = developmentKeyPath();
  const key = readSecretFile(path) ?? makeKey(path);
  if (key.length === keyBytes) return key;
  throw damaged(path, `does not hold a key of ${keyBytes} bytes`);
}

/** Contents of a token made by {@link mintDevelopmentToken}. */
export interface DevelopmentTokenOptions {
  /** The peer's name. */
  readonly sub: string;
  /** Space-separated scopes; default all but `relay:admin`. */
  readonly scope?: string;
  /** Lifetime in seconds; default one day. */
  readonly ttlSeconds?: number;
  /** Additional claims, such as `quicpipe`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Creates a token that a relay on this machine accepts as long as it runs without the option `auth`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if `sub` is not a valid name; ERR_QUICPIPE_STATE_UNAVAILABLE as
 *   the development key.
 */
export async function mintDevelopmentToken(options: DevelopmentTokenOptions): Promise<string> {
  const { sub, scope = defaultScope, ttlSeconds = defaults.developmentTokenTtlSeconds, claims } = options;
  if (!isName(sub))
    throw optionError("sub", `sub must be a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`);
  return new SignJWT({ ...claims, scope })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + ttlSeconds * 1000))
    .sign(developmentKey());
}

const defaultScope = [scopes.register, scopes.send, scopes.receive].join(" ");

function makeKey(path: string): Uint8Array {
  const key = randomBytes(keyBytes);
  // If another process was faster, its key is the key.
  return createSecretFile(path, key) ? key : (readSecretFile(path) ?? key);
}
