import { writeFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import { join } from "node:path";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import { type Certificate, createCertificate, type KeyPair } from "../../../src/gateway/index.ts";
import { temporaryFolder } from "./folder.ts";

let certificate: Promise<Certificate> | undefined;

/** One certificate for all tests of a file: making it is the slow part. */
export function testCertificate(): Promise<Certificate> {
  certificate ??= createCertificate({ name: "test", hosts: ["localhost", "127.0.0.1"] });
  return certificate;
}

/** A folder of the test's own with a certificate and its key in files, for other processes. */
export function certificateFiles(tls: Certificate): { folder: string; cert: string; key: string } {
  const folder = temporaryFolder();
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  writeFileSync(cert, tls.certificate);
  writeFileSync(key, tls.privateKey);
  return { folder, cert, key };
}

/** An Ed448 key, of this test alone, and its certificate: Node's TLS serves with them, BoringSSL does not. */
export const ed448: KeyPair = {
  key: `-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEOQ5X9cDTU2iVAuR7Rw54EUbG/UBpt86ONcSIwFot4EFG
Ed3YfOYZXX8hNepAXflE2jnc1Aq68zHjJg==
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBoDCCASCgAwIBAgIUI/u6TTMP5twp7FCJKYLiVVl0nfIwBQYDK2VxMBQxEjAQ
BgNVBAMMCWxvY2FsaG9zdDAgFw0yNjExMjgxNjExNDFaGA8yMTI2MTEwNDE2MTE0
MVowFDESMBAGA1UEAwwJbG9jYWxob3N0MEMwBQYDK2VxAzoAr7gbZndqvtEkAdaG
0xvzyOYWI6PTzxMKxWvaRYj1TefVJQhaPyrP+nTPZyQcO/tPDqpfrl2cBeGAo2kw
ZzAdBgNVHQ4EFgQU09o2oauz4jOqR6QZMiVLd2Ao+9EwHwYDVR0jBBgwFoAU09o2
oauz4jOqR6QZMiVLd2Ao+9EwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALggls
b2NhbGhvc3QwBQYDK2VxA3MA/OEwV1KYsA/kRqJyZqS4nLVqHRLCfa8Vb8vRY4rW
xX1atvUCcXSlydBacK/hBkQGjr4XVvL73oEAjs64TPUryOMFHB3+sjnSSMusGche
DjZV6WuKJ23ZlmvM5/TwGtFZwForK3dyvu7JjpZoxHq6dgQA
-----END CERTIFICATE-----
`,
};

/** An RSA key of 1024 bits and its certificate: BoringSSL serves with them, Node's TLS does not. */
export async function shortRsa(): Promise<{ key: string; cert: string }> {
  const signingAlgorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(
    { ...signingAlgorithm, modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1) },
    true,
    ["sign", "verify"],
  );
  const made = await X509CertificateGenerator.createSelfSigned(
    { name: "CN=short", signingAlgorithm, keys },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: made.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY") };
}
