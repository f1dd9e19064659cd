import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type Certificate } from "../../../src/files/certificate.ts";
import { certificatesIn, parseDer, requireCertificates, requireKeyPair } from "../../../src/files/pem.ts";

let alice: Certificate;
let bob: Certificate;

beforeAll(async () => {
  [alice, bob] = (await Promise.all(["alice", "bob"].map((name) => createCertificate({ name })))) as [
    Certificate,
    Certificate,
  ];
});

const invalid = (option: string, message: RegExp): unknown =>
  expect.objectContaining({
    code: "ERR_QUICPIPE_OPTION_INVALID",
    message: expect.stringMatching(message),
    details: { option },
  });
const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

describe("PEM text", () => {
  it("gives its certificates, whatever else is in it", () => {
    const text = `junk\n${alice.privateKey}${alice.certificate}\nmore\n${bob.certificate}`;
    expect(certificatesIn(text)).toHaveLength(2);
    expect(requireCertificates("relayCa", text)).toEqual(certificatesIn(text));
    expect(certificatesIn("")).toEqual([]);
  });

  it("is refused by the option's name without a certificate, or with one that does not parse", () => {
    expect(() => requireCertificates("relayCa", "none")).toThrow(invalid("relayCa", /holds no certificate/));
    expect(() => requireCertificates("--relay-ca", alice.certificate + broken)).toThrow(
      invalid("--relay-ca", /does not parse/),
    );
  });
});

describe("a certificate and its key", () => {
  it("fit, whether they are text or bytes", () => {
    requireKeyPair({ cert: alice.certificate + bob.certificate, key: alice.privateKey });
    requireKeyPair({ cert: Buffer.from(alice.certificate), key: Buffer.from(alice.privateKey) });
  });

  it("are refused by name where they do not parse or do not belong together", () => {
    const { certificate: cert, privateKey: key } = alice;
    expect(() => requireKeyPair({ cert: "x", key })).toThrow(invalid("cert", /^cert holds no certificate/));
    expect(() => requireKeyPair({ cert, key: "x" })).toThrow(invalid("key", /^key does not parse/));
    const names = { cert: "--cert a.pem", key: "--key b.pem" };
    expect(() => requireKeyPair({ cert, key: bob.privateKey }, names)).toThrow(
      invalid("--key b.pem", /does not belong to the \(first\) certificate of --cert a\.pem/),
    );
  });

  it("are refused where the key is encrypted, and the text of it stays out of the message", () => {
    const { privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
    });
    expect(() => requireKeyPair({ cert: alice.certificate, key: privateKey })).toThrow(
      invalid("key", /^key does not parse as an unencrypted private key: give PEM text$/),
    );
  });
});

it("certificates in DER of any length are parsed", async () => {
  // Lines of PEM end wherever the length of a name has them end.
  for (let length = 1; length <= 48; length++) {
    const { certificate } = await createCertificate({ name: "n".repeat(length) });
    const { raw, fingerprint256 } = new X509Certificate(certificate);
    expect(parseDer(raw).fingerprint256).toBe(fingerprint256);
  }
  expect(() => parseDer(new Uint8Array())).toThrow();
});
