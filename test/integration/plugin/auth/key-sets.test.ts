import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { JWK } from "jose";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { serveRelay } from "../../harness/relay-app.ts";
import { unsignedToken } from "../../harness/token.ts";
import { startIssuer } from "./issuer.ts";
import {
  ask,
  clock,
  hourMs,
  longToken,
  minuteMs,
  outcome,
  unavailable,
  watchedRelay,
} from "./watched-relay.ts";

const invalid = [401, "ERR_QUICPIPE_TOKEN_INVALID"];
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" }) as JWK;
const published = rsa.publicKey.export({ format: "jwk" }) as JWK;
const leaked = rsa.privateKey.export({ format: "jwk" }) as JWK;
const pointless = { kty: "EC", crv: "P-256", x: "AAAA", y: "AAAA" };

/** Signs what only a stranger, or who read a private key, would. */
function forge(alg: string, kid: string | undefined, key: KeyObject): Promise<string> {
  return unsignedToken({})
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
    .sign(key);
}

describe("a key of a set that cannot be used", () => {
  it.each<[string, unknown, RegExp, string, KeyObject]>([
    ["is weak", { ...weak, kid: "bad" }, /key 0 \(kid bad\).*1024 bits/, "RS256", rsa.privateKey],
    ["has a number for a modulus", { ...published, kid: "bad", n: 5 }, /kid bad/, "RS256", rsa.privateKey],
    ["has no exponent", { ...published, kid: "bad", e: undefined }, /kid bad/, "PS512", rsa.privateKey],
    ["has the exponent 1", { ...published, kid: "bad", e: "AQ" }, /exponent/, "RS256", rsa.privateKey],
    ["is no point of its curve", { ...pointless, kid: "bad" }, /kid bad/, "ES256", ec.privateKey],
    ["is private", { ...leaked, kid: "bad" }, /kid bad\).*private key/, "RS256", rsa.privateKey],
    ["has no id either", weak, /key 0: .*1024 bits/, "RS256", rsa.privateKey],
    ["is an array", [], /key 0: it is no object/, "RS256", rsa.privateKey],
    ["is null", null, /key 0: it is no object/, "RS256", rsa.privateKey],
  ])("as it %s takes nothing from the others, and is named once", async (_name, bad, cause, alg, key) => {
    const advance = clock();
    const issuer = await startIssuer("RS256");
    issuer.keySet.keys.unshift(bad as JWK);
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await longToken(issuer))).status).toBe(200);
    expect((await ask(relay, await issuer.token({}, { kid: undefined }))).status).toBe(200);
    for (const kid of ["bad", undefined]) {
      advance(minuteMs);
      expect(outcome(await ask(relay, await forge(alg, kid, key)))).toEqual(invalid);
    }
    advance(hourMs);
    expect((await ask(relay, await issuer.token())).status).toBe(200);
    const warnings = relay.warnings();
    expect(warnings).toEqual([
      {
        message: expect.stringContaining("cannot be used"),
        fields: { url: issuer.url, cause: expect.stringMatching(cause) },
      },
    ]);
    expect(JSON.stringify(warnings)).not.toContain(leaked.d);
  });

  it("does not hide another of the same id", async () => {
    const issuer = await startIssuer("RS256");
    issuer.keySet.keys.unshift({ ...published, kid: "key-0" }, { ...weak, kid: "key-0" });
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await issuer.token())).status).toBe(200);
    const other = await startIssuer("RS256");
    expect(outcome(await ask(relay, await other.token()))).toEqual(invalid);
  });

  it("is named where an operator gave the set, too", async () => {
    const issuer = await startIssuer("RS256");
    issuer.keySet.keys.unshift({ ...weak, kid: "bad" });
    const relay = await watchedRelay({ jwks: issuer.keySet });
    expect((await ask(relay, await issuer.token({}, { kid: undefined }))).status).toBe(200);
    expect(relay.warnings()).toMatchObject([{ fields: { cause: expect.stringContaining("kid bad") } }]);
    await expect(serveRelay({ auth: { jwks: { keys: [weak] } } })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      message: expect.stringMatching(/auth\.jwks.*1024 bits/),
    });
  });
});

/** Keys that are good, but not for signatures. */
const otherUses: [string, JWK][] = [
  ["for a shared secret", { kty: "oct", k: "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg" }],
  ["for encryption", { ...published, use: "enc" }],
  ["of another algorithm", { ...published, alg: "RSA-OAEP" }],
  ["of other operations", { ...published, key_ops: ["wrapKey"] }],
  [
    "of a curve for agreement",
    { kty: "OKP", crv: "X25519", x: "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo" },
  ],
];

describe("keys that are not for signatures", () => {
  it("are passed over without a word", async () => {
    const issuer = await startIssuer("RS256");
    issuer.keySet.keys.unshift(...otherUses.map(([, key], i) => ({ ...key, kid: `other-${i}` })));
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await issuer.token({}, { kid: undefined }))).status).toBe(200);
    expect((await ask(relay, await issuer.token())).status).toBe(200);
    expect(relay.warnings()).toEqual([]);
  });

  it.each([...otherUses, ["of too few bits", weak]] as [string, JWK][])(
    "replace none if all are %s",
    async (_name, key) => {
      const advance = clock();
      const issuer = await startIssuer("RS256");
      const relay = await watchedRelay({ jwks: issuer.url });
      const token = await longToken(issuer);
      expect((await ask(relay, token)).status).toBe(200);
      issuer.keySet.keys.splice(0, 1, key);
      advance(hourMs);
      expect((await ask(relay, token)).status).toBe(200);
      expect(outcome(await ask(relay, await forge("RS256", "new", rsa.privateKey)))).toEqual(unavailable);
      expect(relay.warnings()).toMatchObject([
        {
          message: expect.stringContaining("the last ones"),
          fields: { url: issuer.url, cause: expect.stringContaining("no key to check signatures with") },
        },
      ]);
    },
  );
});

describe("a token of an algorithm that no key is for", () => {
  it.each(["key-0", undefined])("is refused, not failed at, where it names the key %s", async (kid) => {
    const advance = clock();
    const issuer = await startIssuer("ES256");
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await longToken(issuer))).status).toBe(200);
    for (const [alg, key] of [
      ["PS256", rsa.privateKey],
      ["RS512", rsa.privateKey],
    ] as const) {
      expect(outcome(await ask(relay, await forge(alg, kid, key)))).toEqual(unavailable);
      advance(minuteMs);
      expect(outcome(await ask(relay, await forge(alg, kid, key)))).toEqual(invalid);
    }
  });
});

describe("a token that many keys fit", () => {
  it("is checked with as many as are allowed, and else has to name its key", async () => {
    const issuer = await startIssuer("ES256");
    const key = issuer.keySet.keys[0]!;
    const other = ec.publicKey.export({ format: "jwk" }) as JWK;
    const others = Array.from({ length: defaults.maxKeysPerToken - 1 }, (_, i) => ({
      ...other,
      kid: `o${i}`,
    }));
    issuer.keySet.keys.unshift(...others);
    const verify = vi.spyOn(crypto.subtle, "verify");
    onTestFinished(() => verify.mockRestore());
    const few = await watchedRelay({ jwks: issuer.url });
    const unnamed = await issuer.token({}, { kid: undefined });
    expect((await ask(few, unnamed)).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(defaults.maxKeysPerToken);

    issuer.keySet.keys.unshift({ ...other, kid: "one too many" });
    const many = await watchedRelay({ jwks: issuer.url });
    expect((await ask(many, await issuer.token({}, { kid: key.kid }))).status).toBe(200);
    expect(many.warnings()).toEqual([]);
    verify.mockClear();
    const refused = await ask(many, unnamed);
    expect(outcome(refused)).toEqual(invalid);
    expect(refused.body.detail).toMatch(/17 keys fit it.*"kid"/);
    expect(verify).not.toHaveBeenCalled();
    expect(many.warnings()).toMatchObject([{ fields: { cause: expect.stringMatching(/"kid"/) } }]);
  });
});
