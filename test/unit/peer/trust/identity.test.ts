import { createHash, createPrivateKey, createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import { X509CertificateGenerator } from "@peculiar/x509";
import { describe, expect, it } from "vitest";
import { createIdentity, pinOf, loadIdentity } from "../../../../src/peer/trust/identity.ts";

const invalid = expect.objectContaining({ code: "ERR_QUICPIPE_IDENTITY_INVALID" });

/** Another certificate of a key, PEM. */
async function renew(privateKey: string): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const [pkcs8, spki] = [
    createPrivateKey(privateKey).export({ type: "pkcs8", format: "der" }),
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
  ];
  const keys = {
    privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
  };
  const made = { name: "CN=renewed", signingAlgorithm: algorithm, keys };
  return (await X509CertificateGenerator.createSelfSigned(made, webcrypto)).toString("pem");
}

describe("an identity", () => {
  it("is a self-signed certificate, good for servers and clients, for ten years", async () => {
    const { certificate } = await createIdentity({ name: "alice" });
    const x509 = new X509Certificate(certificate);
    expect(x509.subject).toBe("CN=alice");
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(new Date(x509.validTo).getTime() - Date.now()).toBeGreaterThan(9.9 * 365 * 86_400_000);
  });

  it("is pinned by the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4), so a new certificate of its key is too", async () => {
    const { certificate, privateKey, pin } = await createIdentity();
    const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
    expect(pin).toBe(`sha256/${createHash("sha256").update(spki).digest("base64")}`);
    expect(pinOf(new X509Certificate(certificate).raw)).toBe(pin);
    expect(pinOf(certificate)).toBe(pin);
    const renewed = await renew(privateKey);
    expect(renewed).not.toBe(certificate);
    expect(pinOf(renewed)).toBe(pin);
  });

  it("survives a file, in any order of its parts", async () => {
    const made = await createIdentity({ name: "alice" });
    expect(loadIdentity(made.pem)).toEqual(made);
    expect(loadIdentity(`${made.certificate}\n${made.privateKey}`)).toEqual(made);
  });

  it("is refused where a part is missing, mangled or of another identity", async () => {
    const [alice, bob] = [await createIdentity(), await createIdentity()];
    for (const pem of [
      "",
      alice.certificate,
      alice.privateKey,
      alice.privateKey + bob.certificate,
      alice.pem.replace(/MI.{20}/, "AAAA"),
    ])
      expect(() => loadIdentity(pem)).toThrow(invalid);
    expect(() => pinOf("no certificate")).toThrow(invalid);
  });

  it("does not show its key in an error", async () => {
    const { privateKey } = await createIdentity();
    const secret = privateKey.split("\n")[1]!;
    const broken = privateKey.replace(secret.slice(0, 4), "AAAA");
    expect(() => loadIdentity(broken)).toThrow(expect.not.stringContaining(secret.slice(8)));
  });
});
