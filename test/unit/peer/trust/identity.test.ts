import { createHash, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createIdentity, fingerprintOf, loadIdentity } from "../../../../src/peer/trust/identity.ts";

const invalid = expect.objectContaining({ code: "ERR_QUICPIPE_IDENTITY_INVALID" });

describe("an identity", () => {
  it("is a self-signed certificate, good for servers and clients, for ten years", async () => {
    const { certificate } = await createIdentity({ name: "alice" });
    const x509 = new X509Certificate(certificate);
    expect(x509.subject).toBe("CN=alice");
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(new Date(x509.validTo).getTime() - Date.now()).toBeGreaterThan(9.9 * 365 * 86_400_000);
  });

  it("has the SHA-256 of its DER for a fingerprint", async () => {
    const { certificate, fingerprint } = await createIdentity();
    const der = new X509Certificate(certificate).raw;
    expect(fingerprint).toBe(createHash("sha256").update(der).digest("hex"));
    expect(fingerprintOf(der)).toBe(fingerprint);
    expect(fingerprintOf(certificate)).toBe(fingerprint);
  });

  it("survives a file, in any order of its parts", async () => {
    const made = await createIdentity({ name: "alice" });
    expect(loadIdentity(made.pem)).toEqual(made);
    expect(loadIdentity(`${made.certificate}\n${made.privateKey}`)).toEqual(made);
  });

  it("is refused where a part is missing, mangled or somebody else's", async () => {
    const [alice, bob] = [await createIdentity(), await createIdentity()];
    for (const pem of [
      "",
      alice.certificate,
      alice.privateKey,
      alice.privateKey + bob.certificate,
      alice.pem.replace(/MI.{20}/, "AAAA"),
    ])
      expect(() => loadIdentity(pem)).toThrow(invalid);
    expect(() => fingerprintOf("no certificate")).toThrow(invalid);
  });

  it("does not show its key in an error", async () => {
    const { privateKey } = await createIdentity();
    const secret = privateKey.split("\n")[1]!;
    const broken = privateKey.replace(secret.slice(0, 4), "AAAA");
    expect(() => loadIdentity(broken)).toThrow(expect.not.stringContaining(secret.slice(8)));
  });
});
