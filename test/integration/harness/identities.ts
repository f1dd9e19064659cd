import { randomBytes, webcrypto } from "node:crypto";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import type { EngineOptions } from "../../../src/peer/engine/contract.ts";

const ecdsa = (namedCurve: string, hash: string): object => ({ name: "ECDSA", namedCurve, hash });
/** Kinds of keys that peers may have. */
export const algorithms: Readonly<
  Record<"Ed25519" | "ECDSA P-256" | "ECDSA P-384" | "ECDSA P-521" | "RSA", object>
> = {
  Ed25519: { name: "Ed25519" },
  "ECDSA P-256": ecdsa("P-256", "SHA-256"),
  "ECDSA P-384": ecdsa("P-384", "SHA-384"),
  "ECDSA P-521": ecdsa("P-521", "SHA-512"),
  RSA: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
};

/** A certificate and its key, PEM. */
export type TlsIdentity = NonNullable<EngineOptions["identity"]>;

/** Makes a self-signed certificate with a key of a kind. */
export async function createIdentityOf(algorithm: object): Promise<TlsIdentity> {
  const signingAlgorithm = algorithm as webcrypto.EcKeyGenParams & webcrypto.EcdsaParams;
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const made = { name: "CN=test", serialNumber: randomBytes(8).toString("hex"), signingAlgorithm, keys };
  const certificate = await X509CertificateGenerator.createSelfSigned(made, webcrypto);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: certificate.toString("pem"), privateKey: PemConverter.encode(pkcs8, "PRIVATE KEY") };
}
