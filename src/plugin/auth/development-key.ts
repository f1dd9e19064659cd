import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import * as defaults from "../../defaults/index.ts";
import {
  optionInvalid,
  type OptionTable,
  range,
  requireInteger,
  requireOptions,
  requireText,
} from "../../option-checks.ts";
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
  /** Space-separated scopes; default those of a peer: `relay:register`, `mailbox:send`, `mailbox:receive`. */
  readonly scope?: string;
  /** Lifetime in seconds, from 1; default one day. */
  readonly ttlSeconds?: number;
  /** Additional claims, such as `quicpipe`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Creates a token that a relay on this machine accepts as long as it runs without the option `auth`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming an option that is wrong or unknown; ERR_QUICPIPE_STATE_UNAVAILABLE as the
 *   development key.
 */
export async function mintDevelopmentToken(options: DevelopmentTokenOptions): Promise<string> {
  const given = requireOptions("mintDevelopmentToken(…)", options, optionTable);
  const { sub, claims } = given;
  if (typeof sub !== "string" || !isName(sub))
    throw optionInvalid("sub", sub, `a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`);
  if (claims !== undefined && (typeof claims !== "object" || claims === null))
    throw optionInvalid("claims", claims, "an object");
  const scope =
    requireText("scope", given.scope, "scopes with spaces between them", () => true) ?? defaultScope;
  const ttlSeconds = requireInteger("ttlSeconds", given.ttlSeconds, ttlRange);
  return new SignJWT({ ...claims, scope })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + ttlSeconds * 1000))
    .sign(developmentKey());
}

const optionTable: OptionTable<DevelopmentTokenOptions> = {
  sub: true,
  scope: true,
  ttlSeconds: true,
  claims: true,
};

/** A hundred years at most, as a date has an end. */
const ttlRange = range(1, defaults.developmentTokenTtlSeconds, 100 * 365 * 86_400);

const defaultScope = [scopes.register, scopes.send, scopes.receive, scopes.invite].join(" ");

function makeKey(path: string): Uint8Array {
  const key = randomBytes(keyBytes);
  // If another process was faster, its key is the key.
  return createSecretFile(path, key) ? key : (readSecretFile(path) ?? key);
}
