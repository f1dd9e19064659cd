import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../../../src/files/certificate.ts";
import { fingerprintOf } from "../../../../src/peer/trust/identity.ts";
import { createTrustPolicy, parsePin, requireTrust, type Trust } from "../../../../src/peer/trust/trust.ts";

const invalid = expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" });
let pem: string;
let der: Uint8Array;

beforeAll(async () => {
  ({ certificate: pem } = await createCertificate({ name: "bob", hosts: ["bob"] }));
  der = new X509Certificate(pem).raw;
});

async function judge(trust: Trust, remoteName?: string): Promise<boolean> {
  return await createTrustPolicy(trust).checkFor!(remoteName)(der);
}

describe("a pin", () => {
  it("is read as hex, hex with colons and base64url", () => {
    const hex = fingerprintOf(pem);
    const colons = hex.toUpperCase().replaceAll(/..(?!$)/g, "$&:");
    const base64url = Buffer.from(hex, "hex").toString("base64url");
    for (const form of [hex, colons, base64url, `${base64url}=`]) expect(parsePin(form)).toBe(hex);
  });

  it("is refused where it is no SHA-256", () => {
    for (const pin of ["", "12", "g".repeat(64), "ab".repeat(31), "*".repeat(43)])
      expect(() => parsePin(pin)).toThrow(invalid);
  });
});

describe("trust", () => {
  it("in pins takes the certificates that they name, and no others", async () => {
    expect(await judge([fingerprintOf(pem), "00".repeat(32)])).toBe(true);
    expect(await judge(["00".repeat(32)])).toBe(false);
  });

  it("in a function gives it the name and the fingerprint", async () => {
    const asked: unknown[] = [];
    const answer = (yes: boolean) => (name: string | undefined, fingerprint: string) => {
      asked.push([name, fingerprint]);
      return yes;
    };
    expect(await judge(answer(true), "bob")).toBe(true);
    expect(await judge(answer(false))).toBe(false);
    expect(asked).toEqual([
      ["bob", fingerprintOf(pem)],
      [undefined, fingerprintOf(pem)],
    ]);
  });

  it("in a CA leaves the chain to TLS and checks the name where one is known", async () => {
    const policy = createTrustPolicy({ ca: pem });
    expect(policy.demand).toEqual({ kind: "ca", pem });
    expect(await judge({ ca: pem }, "bob")).toBe(true);
    expect(await judge({ ca: pem }, "carol")).toBe(false);
    expect(await judge({ ca: pem })).toBe(true);
  });

  it("in anybody neither asks for a certificate nor checks one", () => {
    expect(createTrustPolicy("insecure")).toEqual({ demand: { kind: "none" }, checkFor: undefined });
  });

  it("in nobody is refused: empty pins, a CA without certificate, nothing at all", () => {
    expect(() => createTrustPolicy([])).toThrow(invalid);
    expect(() => createTrustPolicy({ ca: "none" })).toThrow(invalid);
    expect(() => requireTrust(undefined)).toThrow(invalid);
  });
});
