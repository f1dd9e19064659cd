import { QuicpipeError } from "../../errors.ts";
import { type Scope, scopes } from "../../protocol.ts";
import type { Quota } from "../../registry/index.ts";
import { addressLimits, type Limits } from "../options/limits.ts";

/** Who sends a request, and what it may do. */
export interface Identity {
  /** The `sub` of the token: the peer's name. */
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  readonly quota: Quota;
  /** Whom it may send mailbox messages to; anybody if absent. */
  readonly peers: ReadonlySet<string> | undefined;
  /** Whether the subject is one peer; `anonymous` is everybody. */
  readonly limited: boolean;
  /** Whose share of what is bounded a request takes up: the subject's, or its address's where everybody is one subject. */
  readonly account: string;
  /** End of the token's life, ms since the epoch. */
  readonly expiresAtMs: number;
}

/** Tells who sends a request, from its headers, and, where these name nobody, from its source. */
export type Authenticate = (headers: Headers, sourceOf: () => string) => Promise<Identity>;

/** The quota of a subject whose token says nothing about it. */
export function subjectQuota(limits: Limits): Quota {
  return {
    maxRegistrations: limits.maxRegistrationsPerSubject,
    maxCids: limits.maxCidsPerSubject,
    bytesPerSecond: limits.bytesPerSecond,
    maxTtlMs: limits.maxRegistrationTtlMs,
  };
}

/** Everybody, under `auth: "none"`: all scopes but `relay:admin`, and a share of what is bounded for each source. */
export function anonymousIdentity(limits: Limits, source: string): Identity {
  return {
    subject: "anonymous",
    scopes: new Set([scopes.register, scopes.send, scopes.receive]),
    quota: subjectQuota(addressLimits(limits)),
    peers: undefined,
    limited: false,
    account: source,
    expiresAtMs: Infinity,
  };
}

/** @throws ERR_QUICPIPE_SCOPE_MISSING, naming `scope`, where the identity has neither of the two. */
export function requireScope(identity: Identity, scope: Scope, orScope: Scope = scope): void {
  if (identity.scopes.has(scope) || identity.scopes.has(orScope)) return;
  throw new QuicpipeError("ERR_QUICPIPE_SCOPE_MISSING", `the token lacks the scope ${scope}`, {
    details: { scope },
  });
}
