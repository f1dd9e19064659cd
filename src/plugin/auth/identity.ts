import { QuicpipeError } from "../../errors.ts";
import { type Scope, scopes } from "../../protocol.ts";
import type { Quota } from "../../registry/index.ts";
import type { Log } from "../log.ts";
import type { Limits } from "../options/limits.ts";
import { isSameOrigin } from "../../console/index.ts";

/** The authenticated sender of a request, and its permissions. */
export interface Identity {
  /** The `sub` of the token: the peer's name. */
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  readonly quota: Quota;
  /** Subjects that may receive mailbox messages from this one; any if absent. */
  readonly peers: ReadonlySet<string> | undefined;
  /** Whether the subject is a single peer. `anonymous` is every client. */
  readonly limited: boolean;
  /** The account whose share of limited resources the request uses: the subject, or its address where all clients are one subject. */
  readonly account: string;
  /** End of the token's validity, clock tolerance included, in ms since the epoch; `Infinity` without a token. */
  readonly expiresAtMs: number;
  /** ID of the invitation that it holds, on whose inviter's account it is. */
  readonly invitation?: string;
}

/** Authenticates a request. `sourceOf` names its source, for requests without a token. */
export type Authenticate = (request: Request, sourceOf: () => string) => Promise<Identity>;

/** Dependencies of authentication. */
export interface AuthContext {
  /** Limits of a subject; of an address where no client has a token. */
  readonly limits: Limits;
  readonly log: Pick<Log, "write">;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Aborts when authentication ends, so that no fetch of keys outlives it. */
  readonly signal: AbortSignal;
}

/** Returns the token in `Authorization: Bearer` (RFC 6750 §2.1), of whatever worth; `undefined` if there is none. */
export function bearerTokenOf(headers: Headers): string | undefined {
  const [scheme, token] = (headers.get("authorization") ?? "").split(/ +/, 2);
  return scheme?.toLowerCase() === "bearer" && token ? token : undefined;
}

/** Returns the quota of a subject whose token has no `quicpipe` claim. */
export function subjectQuota(limits: Limits): Quota {
  return {
    maxRegistrations: limits.maxRegistrationsPerSubject,
    maxCids: limits.maxCidsPerSubject,
    bytesPerSecond: limits.bytesPerSecond,
    maxTtlMs: limits.maxRegistrationTtlMs,
  };
}

/**
 * Returns the identity of every client under `auth: "none"`: the scopes of a peer, and a share of limited resources per
 * source.
 *
 * @param limits those of an address.
 */
export function anonymousIdentity(limits: Limits, source: string): Identity {
  return {
    subject: "anonymous",
    scopes: new Set([scopes.register, scopes.send, scopes.receive, scopes.invite]),
    quota: subjectQuota(limits),
    peers: undefined,
    limited: false,
    account: source,
    expiresAtMs: Infinity,
  };
}

/** @throws ERR_QUICPIPE_SCOPE_MISSING, naming `scope`, if the identity has neither scope. */
export function requireScope(identity: Identity, scope: Scope, orScope: Scope = scope): void {
  if (identity.scopes.has(scope) || identity.scopes.has(orScope)) return;
  throw new QuicpipeError(
    "ERR_QUICPIPE_SCOPE_MISSING",
    `you lack the scope ${scope}, which this request needs`,
    {
      details: { scope },
    },
  );
}

/**
 * Refuses changes that a page of another origin asks for with what the browser adds by itself: cookies, Basic credentials, a client
 * certificate, an address. A browser asks for no permission where there is no media type. A bearer token is the page's own.
 *
 * @throws ERR_QUICPIPE_ORIGIN_FORBIDDEN
 */
export function requireOwnPage({ method, headers, url }: Request): void {
  if (method === "GET" || method === "HEAD" || bearerTokenOf(headers) !== undefined) return;
  const isBrowsers = headers.has("sec-fetch-site") || headers.has("origin");
  if (isBrowsers && !isSameOrigin(headers, new URL(url)))
    throw new QuicpipeError(
      "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
      "the request comes from a page of another origin: ask from a page of the app, or with a bearer token",
    );
}
