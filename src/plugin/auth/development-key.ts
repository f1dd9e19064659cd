import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { isName, maxNameBytes, scopes } from "../../protocol.ts";
import { createSecretFile, damaged, readSecretFile, statePath } from "../../files/state.ts";

/** Where the development key is kept. */
export function developmentKeyPath(): string {
  return statePath("development.key");
}

const keyBytes = 32;

/**
 * Reads the key of local development tokens (HS256, 32 bytes), or makes it if there is none yet.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if there is no folder of this user alone to keep it in, others may read the file,
 *   or it holds something else.
 */
export function developmentKey(): Uint8Array {
  const path = developmentKeyPath();
  const key = readSecretFile(path) ?? makeKey(path);
  if (key.length === keyBytes) return key;
  throw damaged(path, `does not hold a key of ${keyBytes} bytes`);
}

/** What {@link mintDevelopmentToken} puts into a token. */
export interface DevelopmentTokenOptions {
  /** The peer's name. */
  readonly sub: string;
  /** Scopes separated by spaces; all but `relay:admin` if absent. */
  readonly scope?: string;
  /** Life in seconds; a day if absent. */
  readonly ttlSeconds?: number;
  /** Further claims, such as `quicpipe`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a token that a relay on this machine accepts as long as it runs without the option `auth`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if `sub` can be nobody's name; ERR_QUICPIPE_STATE_UNAVAILABLE as
 *   {@link developmentKey}.
 */
export async function mintDevelopmentToken(options: DevelopmentTokenOptions): Promise<string> {
  const { sub, scope = defaultScope, ttlSeconds = defaults.developmentTokenTtlSeconds, claims } = options;
  if (!isName(sub))
    throw new QuicpipeError(
      "ERR_QUICPIPE_OPTION_INVALID",
      `sub must be a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`,
      { details: { option: "sub" } },
    );
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
  // Another process may have been first: then its key is the key.
  return createSecretFile(path, key) ? key : (readSecretFile(path) ?? key);
}
