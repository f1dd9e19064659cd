import { generateKeyPairSync } from "node:crypto";
import { errors } from "jose";
import { describe, expect, it } from "vitest";
import { KeySet } from "../../../../src/plugin/auth/key-set.ts";

const published = [
  generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ...["P-256", "P-384", "P-521"].map((namedCurve) => generateKeyPairSync("ec", { namedCurve })),
  generateKeyPairSync("ed25519"),
].map(({ publicKey }) => publicKey.export({ format: "jwk" }) as Record<string, unknown>);
const algorithms = ["RS256", "RS512", "PS256", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const members = ["kty", "crv", "n", "e", "x", "y", "d", "k", "alg", "use", "key_ops", "ext", "kid"];
const values = [undefined, null, 5, true, "", "AQ", "AQAB", "!!", "sig", "verify", [], ["verify"], {}];

/** A token that nobody signed. */
function forged(header: object): string {
  const parts = [JSON.stringify(header), '{"sub":"mallory"}', "x".repeat(64)];
  return parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
}

describe("a forged token", () => {
  it.each(published)("is refused as a token, whatever is wrong with the published key %#", async (jwk) => {
    const changed = members.flatMap((name) =>
      values.map((value) => Object.assign({ kid: "k" }, jwk, { [name]: value })),
    );
    let refusals = 0;
    for (const key of changed)
      for (const alg of algorithms) {
        const check = KeySet.of([key]).verify(forged({ alg, kid: "k" }), { algorithms });
        await check.catch((error: unknown) => {
          if (!(error instanceof errors.JOSEError)) throw error;
          refusals++;
        });
      }
    expect(refusals).toBe(changed.length * algorithms.length);
  });
});

describe("the faults of a set", () => {
  it("are counted where they are many, and are no longer than a line", () => {
    const keys = Array.from({ length: 9 }, () => ({ kty: "RSA", kid: "k".repeat(5000), n: "AQ", e: "AQAB" }));
    const { faults, isUsable } = KeySet.of(keys);
    expect(isUsable).toBe(false);
    expect(faults).toMatch(/^key 0 \(kid k+….*; and 4 more$/);
    expect(faults!.length).toBeLessThan(2000);
  });
});
