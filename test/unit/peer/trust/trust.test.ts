import { createHash, webcrypto, X509Certificate } from "node:crypto";
import { Extension, X509CertificateGenerator } from "@peculiar/x509";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../../../src/files/certificate.ts";
import { pinOf } from "../../../../src/peer/trust/identity.ts";
import {
  chosenTrust,
  createTrustPolicy,
  parsePin,
  requireTrust,
  type Trust,
} from "../../../../src/peer/trust/trust.ts";

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
    expect(parsePin(pinOf(pem), "pin")).toBe(pinOf(pem));
  });

  it("of a certificate, the older kind, is refused with a hint that pins are of keys now", () => {
    const hex = "ab".repeat(32);
    const colons = hex.toUpperCase().replaceAll(/..(?!$)/g, "$&:");
    const base64url = Buffer.from(hex, "hex").toString("base64url");
    for (const form of [hex, colons, base64url, `${base64url}=`])
      expect(() => parsePin(form, "pin")).toThrow(/pins are of keys now; give .*sha256/);
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
      expect(() => parsePin(pin, "pin")).toThrow(invalid);
  });
});

/** A certificate of a key of its own that holds the PEM text of another one in an extension, in DER. */
async function disguised(pemText: string): Promise<Uint8Array> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const made = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=mallory",
      signingAlgorithm: algorithm,
      keys: await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]),
      extensions: [new Extension("1.3.6.1.4.1.99999.1", false, Buffer.from(`\n${pemText.trim()}\n`))],
    },
    webcrypto,
  );
  return new Uint8Array(made.rawData);
}

describe("a certificate that holds the text of another one", () => {
  it("has the pin of its own key, and its own name", async () => {
    const mallory = await disguised(pem);
    expect(new X509Certificate(mallory).subject).toBe("CN=bob");
    expect(pinOf(mallory)).not.toBe(pinOf(pem));
    expect(await createTrustPolicy({ ca: pem }).checkFor!("bob")(mallory)).toBe(false);
  });
});

describe("trust", () => {
  it("in pins leaves their comparison to TLS", () => {
    const { publicKey } = new X509Certificate(pem);
    const spki = publicKey.export({ type: "spki", format: "der" });
    const pins = [createHash("sha256").update(spki).digest(), Buffer.alloc(32)];
    expect(createTrustPolicy([pinOf(pem), otherPin])).toEqual({
      demand: { kind: "pins", pins },
      checkFor: undefined,
    });
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

  it("in a function is `true`, and nothing like it", async () => {
    expect(await judge((() => "no") as never)).toBe(false);
  });

  it("in a CA leaves the chain to TLS and checks the name where one is known", async () => {
    const policy = createTrustPolicy({ ca: pem });
    expect(policy.demand).toEqual({ kind: "ca", pem: pem.trim() });
    expect(await judge({ ca: pem }, "bob")).toBe(true);
    expect(await judge({ ca: pem }, "carol")).toBe(false);
    expect(await judge({ ca: pem })).toBe(true);
  });

  it.each([
    ["the name itself", "bob.example.com", ["bob.example.com"], true],
    ["a name of several", "bob", ["alice", "bob"], true],
    ["the name in other case", "Bob", ["bob"], false],
    ["a host below the name", ".example.com", ["bob.example.com"], false],
    ["a wildcard", "bob.example.com", ["*.example.com"], false],
    ["its common name alone", "bob", [], false],
    ["a name with more after a NUL", "bob\0.example.com", ["bob"], false],
  ])("in a CA takes a certificate by its DNS names: %s", async (_, remoteName, hosts, isTrusted) => {
    const { certificate } = await createCertificate({ name: "bob", hosts });
    const { checkFor } = createTrustPolicy({ ca: certificate });
    const check = async (): Promise<boolean> =>
      await checkFor!(remoteName)(new X509Certificate(certificate).raw);
    expect(await check().catch(() => false)).toBe(isTrusted);
  });

  it("in any peer neither asks for a certificate nor checks one", () => {
    expect(createTrustPolicy("insecure")).toEqual({ demand: { kind: "none" }, checkFor: undefined });
  });

  it("in no peer is refused: empty pins, a CA without certificate, nothing at all", () => {
    expect(() => createTrustPolicy([])).toThrow(invalid);
    expect(() => createTrustPolicy({ ca: "none" })).toThrow(invalid);
    expect(() => requireTrust(undefined)).toThrow(invalid);
  });

  it.each([
    ["a pin outside a list", otherPin],
    ["null", null],
    ["a number", 5],
    ["no option at all", {}],
    ["a CA that is undefined", { ca: undefined }],
    ["a CA that does not parse", { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }],
    ["a CA and pins", { ca: "the PEM text", pins: [otherPin] }],
    ["a list in a list", [[otherPin]]],
  ])("of the wrong shape is refused with a code: %s", (_, trust) => {
    expect(() => createTrustPolicy(trust as unknown as Trust)).toThrow(invalid);
  });
});

describe("the trust of a dial", () => {
  it("is its pins, else its trust, else the peer's own", () => {
    expect(chosenTrust({ pin: otherPin }, "insecure")).toEqual([otherPin]);
    expect(chosenTrust({ pin: [otherPin] }, undefined)).toEqual([otherPin]);
    expect(chosenTrust({ trust: [otherPin] }, "insecure")).toEqual([otherPin]);
    expect(chosenTrust({}, "insecure")).toBe("insecure");
    expect(() => chosenTrust({}, undefined)).toThrow(invalid);
  });

  it("is refused where a pin or a trust is meant and missing", () => {
    expect(() => chosenTrust({ pin: undefined }, "insecure")).toThrow(/pin: it is given, but undefined/);
    expect(() => chosenTrust({ trust: undefined }, "insecure")).toThrow(/trust: it is given, but undefined/);
    expect(() => chosenTrust({ pin: otherPin, trust: undefined }, "insecure")).toThrow(invalid);
  });

  it("is refused by the name of the option that holds no pin", () => {
    expect(() => chosenTrust({ pin: "abc" }, "insecure")).toThrow('pin: "abc" is no pin; give the pin of');
    expect(() => createTrustPolicy([otherPin, "abc"])).toThrow('trust[1]: "abc" is no pin; give the pin of');
    expect(() => createTrustPolicy([undefined as never])).toThrow(
      "option trust[0] is undefined, but must be the pin of",
    );
  });

  it("is refused where pins and a trust are given at once", () => {
    expect(() => chosenTrust({ pin: otherPin, trust: "insecure" }, undefined)).toThrow(invalid);
  });
});
