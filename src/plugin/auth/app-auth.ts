import { isSameOrigin } from "../../console/index.ts";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { isName, maxNameBytes } from "../../protocol.ts";
import { narrowQuota } from "../../registry/index.ts";
import type { AuthFunction, AuthorizedPeer } from "../options/auth.ts";
import type { Limits } from "../options/limits.ts";
import { type Authenticate, type Identity, subjectQuota } from "./identity.ts";

/**
 * Authenticates by a function of the app. The returned function throws ERR_QUICPIPE_TOKEN_INVALID if the app identifies no peer,
 * ERR_QUICPIPE_ORIGIN_FORBIDDEN for a change that a page of another site asks for,
 * ERR_QUICPIPE_OPTION_INVALID if its result is malformed; clients see the latter as an internal error, the log has the cause.
 */
export function createAppAuthentication(
  identify: AuthFunction,
  limits: Limits,
  now: () => number,
): Authenticate {
  return async (request) => {
    requireOwnPage(request);
    const peer = await identify(request);
    if (!peer)
      throw new QuicpipeError(
        "ERR_QUICPIPE_TOKEN_INVALID",
        "the app knows nobody by this request: sign in, or send what it knows you by",
      );
    const nowMs = now();
    const { expiresAtMs = nowMs + defaults.appIdentityMs } = peer;
    const identity = identityOf({ ...peer, expiresAtMs }, limits);
    if (expiresAtMs <= nowMs)
      throw new QuicpipeError(
        "ERR_QUICPIPE_TOKEN_EXPIRED",
        "what the app knows you by has expired: sign in again",
      );
    return { ...identity, expiresAtMs: Math.min(expiresAtMs, nowMs + defaults.maxAppIdentityMs) };
  };
}

/**
 * Refuses changes that a page of another site asks for with what the browser adds by itself: cookies, Basic credentials, a client
 * certificate, an address. A browser asks for no permission where there is no media type. A bearer token is the page's own.
 */
function requireOwnPage({ method, headers, url }: Request): void {
  if (method === "GET" || method === "HEAD" || /^bearer /i.test(headers.get("authorization") ?? "")) return;
  const isBrowsers = headers.has("sec-fetch-site") || headers.has("origin");
  if (isBrowsers && !isSameOrigin(headers, new URL(url)))
    throw new QuicpipeError(
      "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
      "the request comes from a page of another site: ask from a page of the app, or with a bearer token",
    );
}

function identityOf(
  { subject, scopes, quota, peers, expiresAtMs }: AuthorizedPeer & Pick<Identity, "expiresAtMs">,
  limits: Limits,
): Identity {
  const granted = subjectQuota(limits);
  if (typeof subject !== "string" || !isName(subject))
    throw wrong("subject", `a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`);
  if (!isList(scopes)) throw wrong("scopes", "a list of scopes");
  if (peers && !isList(peers)) throw wrong("peers", "a list of names");
  for (const [name, value] of Object.entries(quota ?? {}))
    if (!Object.hasOwn(granted, name) || !Number.isSafeInteger(value) || value <= 0)
      throw wrong(`quota.${name}`, `a whole number above 0, and one of ${Object.keys(granted).join(", ")}`);
  if (typeof expiresAtMs !== "number" || Number.isNaN(expiresAtMs)) throw wrong("expiresAtMs", "a number");
  return {
    subject,
    scopes: new Set(scopes),
    quota: narrowQuota(granted, quota ?? {}),
    peers: peers ? new Set(peers) : undefined,
    limited: true,
    account: subject,
    expiresAtMs,
  };
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function wrong(member: string, wanted: string): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_OPTION_INVALID",
    `what the function of the option auth returned is no peer: its ${member} must be ${wanted}`,
    { details: { option: "auth" } },
  );
}
