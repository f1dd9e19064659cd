import type { KeyPair } from "../../../src/gateway/index.ts";

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
