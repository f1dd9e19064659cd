import { webcrypto, X509Certificate } from "node:crypto";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../../../src/files/certificate.ts";
import { relayTrust } from "../../../../src/peer/trust/relay-trust.ts";

let named: string;
let onlyAddress: string;
let nameless: string;

beforeAll(async () => {
  const hosts = [["relay.example", "203.0.113.1"], ["203.0.113.1"], []];
  const made = await Promise.all(
    hosts.map((each) => createCertificate({ name: "relay.example", hosts: each })),
  );
  [named, onlyAddress, nameless] = made.map(({ certificate }) => certificate) as [string, string, string];
});

/** Why a certificate is not taken for that of a host. */
function refusal(host: string, pem: string): string | undefined {
  return relayTrust(host, pem).refusalOf(new X509Certificate(pem).raw);
}

describe("how the relay's certificate is verified", () => {
  it("has TLS verify the chain up to any of the trusted CAs, and requests the name", () => {
    const { serverName, demand } = relayTrust("relay.example", onlyAddress + named);
    expect(serverName).toBe("relay.example");
    expect(demand).toEqual({ kind: "ca", pem: `${onlyAddress.trim()}\n${named.trim()}` });
  });

  it("trusts the system's CAs if none is given", () => {
    const { demand } = relayTrust("relay.example", undefined);
    expect(demand).toMatchObject({ kind: "ca", pem: expect.stringContaining("BEGIN CERTIFICATE") });
  });

  it("takes a certificate that is valid for the name or the address, whatever else it names", () => {
    expect(refusal("relay.example", named)).toBeUndefined();
    expect(refusal("203.0.113.1", named)).toBeUndefined();
    expect(refusal("203.0.113.1", onlyAddress)).toBeUndefined();
  });

  it("requests no name where the relay has an address, as RFC 6066 has none for it", () => {
    expect(relayTrust("203.0.113.1", named).serverName).toBeUndefined();
    expect(relayTrust("2001:db8::1", "insecure").serverName).toBeUndefined();
  });

  it("refuses a certificate for another name or address, and says which it has", () => {
    expect(refusal("other.example", named)).toMatch(
      /^its certificate is valid for relay\.example, 203\.0\.113\.1, not for other\.example: /,
    );
    expect(refusal("203.0.113.2", named)).toContain("not for 203.0.113.2: ");
    expect(refusal("relay.example", onlyAddress)).toContain("not for relay.example: ");
  });

  it("tells an address from a DNS name that reads like it, and is valid for no address", async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const made = await X509CertificateGenerator.createSelfSigned(
      {
        signingAlgorithm: algorithm,
        keys: await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]),
        extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: "203.0.113.1" }])],
      },
      webcrypto,
    );
    const certificate = made.toString("pem");
    expect(refusal("203.0.113.1", certificate)).toContain("for the name 203.0.113.1, not for 203.0.113.1: ");
  });

  it("gives nothing for a common name, as RFC 9525 has it", () => {
    expect(refusal("relay.example", nameless)).toContain("is valid for no name");
  });

  it("refuses bytes that are no certificate", () => {
    expect(relayTrust("relay.example", named).refusalOf(Uint8Array.of(1, 2))).toBe(
      "its certificate cannot be read",
    );
  });

  it("verifies nothing where that is spelled out", () => {
    const { serverName, demand, refusalOf } = relayTrust("relay.example", "insecure");
    expect([serverName, demand]).toEqual(["relay.example", { kind: "none" }]);
    expect(refusalOf(Uint8Array.of())).toBeUndefined();
  });

  it("refuses PEM text without a certificate", () => {
    expect(() => relayTrust("relay.example", "")).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
    );
  });
});
