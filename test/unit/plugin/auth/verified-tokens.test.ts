import { describe, expect, it } from "vitest";
import type { Identity } from "../../../../src/plugin/auth/identity.ts";
import { VerifiedTokens } from "../../../../src/plugin/auth/verified-tokens.ts";

/** The identity of a token that expires then. */
function identity(subject: string, expiresAtMs = Infinity): Identity {
  return {
    subject,
    scopes: new Set(),
    quota: { maxRegistrations: 1, maxCids: 1, bytesPerSecond: 1, maxTtlMs: 1 },
    peers: undefined,
    limited: true,
    account: subject,
    expiresAtMs,
  };
}

describe("tokens that were verified", () => {
  it("are known for half a minute, and no other token is", () => {
    const tokens = new VerifiedTokens();
    tokens.add("a.b.c", identity("alice"), 1000);
    expect(tokens.get("a.b.c", 30_999)).toMatchObject({ subject: "alice" });
    expect(tokens.get("a.b.c", 31_000)).toBeUndefined();
    expect(tokens.get("a.b.d", 1000)).toBeUndefined();
  });

  it("are not known beyond their expiry", () => {
    const tokens = new VerifiedTokens();
    tokens.add("a.b.c", identity("alice", 5000), 1000);
    expect(tokens.get("a.b.c", 4999)).toBeDefined();
    expect(tokens.get("a.b.c", 5000)).toBeUndefined();
  });

  it("make way for newer ones, the oldest first", () => {
    const tokens = new VerifiedTokens();
    for (let i = 0; i < 512; i++) tokens.add(`${i}`, identity("alice"), i);
    tokens.add("0", identity("alice"), 600);
    tokens.add("new", identity("bob"), 700);
    expect(tokens.get("1", 800)).toBeUndefined();
    for (const token of ["0", "2", "511", "new"]) expect(tokens.get(token, 800)).toBeDefined();
  });

  it("are not kept if they are long", () => {
    const tokens = new VerifiedTokens();
    tokens.add("a".repeat(2049), identity("alice"), 0);
    expect(tokens.get("a".repeat(2049), 1)).toBeUndefined();
    tokens.add("a".repeat(2048), identity("alice"), 0);
    expect(tokens.get("a".repeat(2048), 1)).toBeDefined();
  });
});
