import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../../../src/files/certificate.ts";
import { pinOf } from "../../../../src/peer/trust/identity.ts";
import { createTrustPolicy, parsePin, requireTrust, type Trust } from "../../../../src/peer/trust/trust.ts";

const invalid = expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" });
const otherPin = `sha256/${Buffer.alloc(32).toString("base64")}`;
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
  it("is taken as `quicpipe id` prints it", () => {
    expect(parsePin(pinOf(pem))).toBe(pinOf(pem));
  });

  it("of a certificate, the older kind, is refused with a word on what pins are now", () => {
    const hex = "ab".repeat(32);
    const colons = hex.toUpperCase().replaceAll(/..(?!$)/g, "$&:");
    const base64url = Buffer.from(hex, "hex").toString("base64url");
    for (const form of [hex, colons, base64url, `${base64url}=`])
      expect(() => parsePin(form)).toThrow(/pins are of keys now; give .*sha256/);
  });

  it("is refused where it is none", () => {
    const hash = otherPin.slice("sha256/".length);
    for (const pin of [
      "",
      "12",
      "sha256/",
      hash,
      `sha1/${hash}`,
      `sha256/${hash.slice(1)}`,
      `sha256/*${hash.slice(1)}`,
    ])
      expect(() => parsePin(pin)).toThrow(invalid);
  });
});

describe("trust", () => {
  it("in pins takes the keys that they name, and no others", async () => {
    expect(await judge([pinOf(pem), otherPin])).toBe(true);
    expect(await judge([otherPin])).toBe(false);
  });

  it("in a function gives it the name and the pin", async () => {
    const asked: unknown[] = [];
    const answer = (yes: boolean) => (name: string | undefined, pin: string) => {
      asked.push([name, pin]);
      return yes;
    };
    expect(await judge(answer(true), "bob")).toBe(true);
    expect(await judge(answer(false))).toBe(false);
    expect(asked).toEqual([
      ["bob", pinOf(pem)],
      [undefined, pinOf(pem)],
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
