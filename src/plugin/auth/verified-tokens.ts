import { hash } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import type { Identity } from "./identity.ts";

interface Verified {
  readonly identity: Identity;
  readonly untilMs: number;
}

/**
 * Whose the tokens are that were verified a moment ago: a peer shows its token with each request, and a signature costs as much
 * as the rest of one. Only what was found valid is here, under its hash, and never beyond its expiry.
 */
export class VerifiedTokens {
  readonly #byHash = new Map<string, Verified>();

  get(token: string, nowMs: number): Identity | undefined {
    const verified = this.#byHash.get(hashOf(token));
    return verified && nowMs < verified.untilMs ? verified.identity : undefined;
  }

  /** Adds a token that is valid now. Of more than there is room for, the oldest goes; a long one is not kept. */
  add(token: string, identity: Identity, nowMs: number): void {
    if (token.length > defaults.longestVerifiedToken) return;
    const name = hashOf(token);
    this.#byHash.delete(name);
    const untilMs = Math.min(identity.expiresAtMs, nowMs + defaults.verifiedTokenMs);
    this.#byHash.set(name, { identity, untilMs });
    if (this.#byHash.size <= defaults.verifiedTokens) return;
    const [oldest] = this.#byHash.keys();
    this.#byHash.delete(oldest!);
  }
}

function hashOf(token: string): string {
  return hash("sha256", token, "base64url");
}
