import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createCertificate } from "../../files/certificate.ts";
import { QuicpipeError } from "../../errors.ts";
import { requireOptions, requireText } from "../../option-checks.ts";
import { certificatesIn, isKeyOf, parseDer } from "../../files/pem.ts";

/** A peer's identity to other peers: a certificate and its private key. */
export interface Identity {
  /** Certificate chain, PEM, own certificate first. */
  readonly certificate: string;
  /** Private key, PEM. Keep it secret. */
  readonly privateKey: string;
  /** Both in one text, as {@link loadIdentity} reads it. Keep it secret. */
  readonly pem: string;
  /** Pin of its key for other peers: `sha256/` and base64, see {@link pinOf}. */
  readonly pin: string;
}

/** Options of {@link createIdentity}. */
export interface IdentityOptions {
  /** Common name of the certificate; `"quicpipe peer"` if absent. It is for people: neither pins nor a CA go by it. */
  readonly name?: string | undefined;
}

/**
 * Creates an identity: a self-signed ECDSA P-256 certificate, valid for 10 years. Keep its `pem` (mode 0600), as other
 * peers pin its key.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming an option that is wrong or unknown.
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if the optional package `@peculiar/x509` is not installed.
 */
export async function createIdentity(options?: IdentityOptions): Promise<Identity> {
  const given = requireOptions("createIdentity(…)", options, { name: true });
  const name =
    requireText("name", given.name, "a non-empty string", (text) => text !== "") ?? "quicpipe peer";
  const { certificate, privateKey } = await createCertificate({ name });
  return identityOf(certificate, privateKey);
}

const keyBlock = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z]+ )?PRIVATE KEY-----/;

/**
 * Loads an identity from PEM text with a private key and its certificate, in any order.
 *
 * @throws ERR_QUICPIPE_IDENTITY_INVALID if one is missing or does not parse, or if they do not belong together.
 */
export function loadIdentity(pem: string): Identity {
  if (typeof pem !== "string") throw invalid("an identity is no text");
  const certificates = certificatesIn(pem);
  const [privateKey] = keyBlock.exec(pem) ?? [];
  if (certificates.length === 0 || !privateKey)
    throw invalid(`PEM text has no ${privateKey ? "certificate" : "private key"}`);
  const identity = parsed(() => identityOf(certificates.join("\n"), privateKey));
  if (!parsed(() => isKeyOf(identity.certificate, createPrivateKey(privateKey))))
    throw invalid("the private key does not belong to the (first) certificate");
  return identity;
}

/**
 * Returns the pin of a certificate's key: `sha256/` and the base64 of the SHA-256 of its SubjectPublicKeyInfo, in DER (RFC 7469
 * §2.4). A certificate that is renewed for the same key keeps it.
 *
 * @param certificate PEM text or DER bytes.
 * @throws ERR_QUICPIPE_IDENTITY_INVALID if it does not parse.
 */
export function pinOf(certificate: string | Uint8Array): string {
  return parsed(() =>
    pinOfKey(
      (typeof certificate === "string" ? new X509Certificate(certificate) : parseDer(certificate)).publicKey,
    ),
  );
}

/** Returns the pin of a public key. */
export function pinOfKey(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  return pinPrefix + createHash("sha256").update(der).digest("base64");
}

/** Returns the pin of a certificate that the other peer chose the bytes of; `undefined` if it does not parse. TLS is laxer about them. */
export function tryPinOf(certificate: Uint8Array): string | undefined {
  try {
    return pinOf(certificate);
  } catch {
    return undefined;
  }
}

/** Start of every pin: the hash that it is. */
export const pinPrefix = "sha256/";

function identityOf(...parts: [certificate: string, privateKey: string]): Identity {
  const [certificate, privateKey] = parts.map((part) => `${part.trim()}\n`) as typeof parts;
  const pin = pinOf(certificate);
  return { certificate, privateKey, pem: privateKey + certificate, pin };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw invalid("a certificate or key does not parse", cause);
  }
}

function invalid(what: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_IDENTITY_INVALID",
    `${what}: give the pem of createIdentity(), or a PEM certificate and its key`,
    { cause },
  );
}
