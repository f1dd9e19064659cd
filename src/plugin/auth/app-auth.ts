import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { namesOf, optionInvalid, type OptionTable, requireOptions } from "../../option-checks.ts";
import { ownText } from "../../own-memory.ts";
import { isName, maxNameBytes, scopes as relayScopes } from "../../protocol.ts";
import { narrowQuota, type Quota, quotaTable } from "../../registry/index.ts";
import type { AuthFunction, AuthorizedPeer } from "../options/auth.ts";
import type { Limits } from "../options/limits.ts";
import { isFigure, isNameList } from "./claims.ts";
import {
  type AuthContext,
  type Authenticate,
  type Identity,
  requireOwnPage,
  subjectQuota,
} from "./identity.ts";

/**
 * Authenticates by a function of the app. The returned function throws ERR_QUICPIPE_TOKEN_INVALID if the app identifies no peer,
 * ERR_QUICPIPE_ORIGIN_FORBIDDEN for a change that a page of another origin asks for,
 * ERR_QUICPIPE_OPTION_INVALID if its result is malformed; clients see the latter as an internal error, the log has the cause.
 */
export function createAppAuthentication(
  identify: AuthFunction,
  { limits, log, now }: Pick<AuthContext, "limits" | "log" | "now">,
): Authenticate {
  return async (request) => {
    requireOwnPage(request);
    const peer = await identify(request);
    if (!peer)
      throw new QuicpipeError(
        "ERR_QUICPIPE_TOKEN_INVALID",
        "the app identifies no peer by this request: sign in, or send the credentials that it knows",
      );
    const nowMs = now();
    const identity = identityOf(peer, limits, nowMs + defaults.appIdentityMs);
    const unknown = [...identity.scopes].find((scope) => !known.includes(scope));
    if (unknown !== undefined)
      log.write("warn", "scopes", unknownScope, { scope: unknown.slice(0, maxScope) });
    const { expiresAtMs } = identity;
    if (expiresAtMs <= nowMs)
      throw new QuicpipeError(
        "ERR_QUICPIPE_TOKEN_EXPIRED",
        "your credentials for the app have expired: sign in again",
      );
    return { ...identity, expiresAtMs: Math.min(expiresAtMs, nowMs + defaults.maxAppIdentityMs) };
  };
}

const known: readonly string[] = Object.values(relayScopes);
/** The peer reads only that it lacks a scope. */
const unknownScope = `the function auth grants an unknown scope, which has no effect; the scopes are ${known.join(", ")}`;
/** Characters of a scope in the log. */
const maxScope = 100;

const peerTable: OptionTable<AuthorizedPeer> = {
  subject: true,
  scopes: true,
  quota: true,
  peers: true,
  expiresAtMs: true,
};

/**
 * Checks what the function returned. A member that is malformed or unknown was meant to narrow something: ignoring it would
 * grant more than the app intended.
 */
function identityOf(peer: AuthorizedPeer, limits: Limits, defaultExpiryMs: number): Identity {
  const { subject, scopes, quota, peers, expiresAtMs } = requireOptions(returned, peer, peerTable);
  if (typeof subject !== "string" || !isName(subject))
    throw wrong("subject", subject, `a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`);
  if (!isNameList(scopes)) throw wrong("scopes", scopes, "a list of scopes");
  if (peers !== undefined && !isNameList(peers)) throw wrong("peers", peers, "a list of names");
  if (expiresAtMs !== undefined && (typeof expiresAtMs !== "number" || Number.isNaN(expiresAtMs)))
    throw wrong("expiresAtMs", expiresAtMs, "a time in ms since the epoch");
  const name = ownText(subject);
  return {
    subject: name,
    scopes: new Set(scopes),
    quota: narrowQuota(subjectQuota(limits), requireQuota(quota)),
    peers: peers && new Set(peers),
    limited: true,
    account: name,
    expiresAtMs: expiresAtMs ?? defaultExpiryMs,
  };
}

function requireQuota(value: Partial<Quota> | undefined): Partial<Quota> {
  const quota = requireOptions<Partial<Quota>>(`${returned}.quota`, value, quotaTable);
  for (const name of namesOf(quotaTable))
    if (name in quota && !isFigure(quota[name]))
      throw wrong(`quota.${name}`, quota[name], "a whole number above 0");
  return quota;
}

/** The function's result, in errors. */
const returned = "auth()";

function wrong(member: string, value: unknown, wanted: string): QuicpipeError {
  return optionInvalid(`${returned}.${member}`, value, wanted);
}
