import * as defaults from "../../defaults/index.ts";
import { KeySet } from "./key-set.ts";
import { isKeySet, isTrustedOrigin, type KeyOrigin, shown } from "../options/keys.ts";

/** Keys and the URL that they came from. */
export interface FoundKeys {
  /** Without its query, which may hold a secret. */
  readonly url: string;
  readonly keys: KeySet;
}

/** A failed key download, with its reason and URL. */
export class KeyDownloadError extends Error {
  override readonly name = "KeyDownloadError";
  /** Without its query, which may hold a secret. */
  readonly url: string;

  constructor(url: URL, message: string, cause?: unknown) {
    super(message, { cause });
    this.url = withoutQuery(url);
  }
}

/**
 * Fetches an issuer's keys. If only the issuer's name is known, OpenID Connect Discovery 1.0 finds them.
 *
 * @throws KeyDownloadError, also after `defaults.keyTimeoutMs` and when `ended` aborts
 */
export async function downloadKeys(origin: KeyOrigin, ended: AbortSignal): Promise<FoundKeys> {
  const signal = AbortSignal.any([ended, AbortSignal.timeout(defaults.keyTimeoutMs)]);
  const url = origin.kind === "jwks" ? origin.url : await discover(origin.issuer, signal);
  const document = await downloadJson(url, signal);
  if (isKeySet(document)) return { url: withoutQuery(url), keys: await usableKeys(url, document.keys) };
  const { jwks_uri: elsewhere } = (document ?? {}) as { jwks_uri?: unknown };
  if (typeof elsewhere !== "string") throw new KeyDownloadError(url, "it is no key set (RFC 7517 §5)");
  throw new KeyDownloadError(
    url,
    `it is a discovery document: its keys are at ${shown(elsewhere)}, or give auth.issuer without auth.jwks`,
  );
}

/** Requires at least one usable key. An issuer that publishes none has lost its keys, and the previous ones stay valid. */
async function usableKeys(url: URL, members: readonly unknown[]): Promise<KeySet> {
  if (members.length === 0) throw new KeyDownloadError(url, "it has no keys");
  const keys = await KeySet.read(members);
  if (keys.isUsable) return keys;
  const { faults } = keys;
  throw new KeyDownloadError(url, `it has no key to check signatures with${faults ? `: ${faults}` : ""}`);
}

function withoutQuery({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** Returns the URL of an issuer's keys. The discovery document must name the issuer that was requested (§4.3). */
async function discover(issuer: string, signal: AbortSignal): Promise<URL> {
  const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document = ((await downloadJson(url, signal)) ?? {}) as Record<string, unknown>;
  if (document["issuer"] !== issuer)
    throw new KeyDownloadError(url, `it names another issuer: ${shown(document["issuer"])}`);
  const keys = document["jwks_uri"];
  const found = typeof keys === "string" ? URL.parse(keys) : null;
  if (found && isTrustedOrigin(found) && (found.protocol === "https:" || url.protocol === "http:"))
    return found;
  throw new KeyDownloadError(url, `its jwks_uri is no https: URL: ${shown(keys)}`);
}

async function downloadJson(url: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, {
      signal,
      redirect: "manual",
      headers: { accept: "application/json" },
    });
    if (response.status !== 200) await refuse(url, response);
    const text = await readText(url, response);
    return parse(url, text, response.headers.get("content-type"));
  } catch (error) {
    if (error instanceof KeyDownloadError) throw error;
    throw new KeyDownloadError(url, reasonOf(error), error);
  }
}

async function refuse(url: URL, { status, headers, body }: Response): Promise<never> {
  await body?.cancel();
  const location = headers.get("location");
  throw new KeyDownloadError(
    url,
    status >= 300 && status < 400 && location !== null
      ? `it redirects to ${shown(location)}, which is not followed: configure the address that it leads to`
      : `it answers with status ${status}`,
  );
}

/** Reads a body. Stops reading one that is longer than any key set. */
async function readText(url: URL, { body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > defaults.maxKeyDocumentBytes)
      throw new KeyDownloadError(url, `its body is longer than ${defaults.maxKeyDocumentBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(url: URL, text: string, mediaType: string | null): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KeyDownloadError(url, `its body is no JSON (content type ${shown(mediaType)})`, cause);
  }
}

/** Returns the reason of a failed fetch. Often only its cause states it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `it does not answer within ${defaults.keyTimeoutMs / 1000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
