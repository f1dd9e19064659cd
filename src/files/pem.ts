import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { QuicpipeError } from "../errors.ts";

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a PEM text, each as PEM. */
export function certificatesIn(pem: string): string[] {
  return [...pem.matchAll(certificateBlock)].map(([block]) => block);
}

/**
 * The certificates in the PEM text of an option, at least one, each as PEM.
 *
 * @param option what the caller calls it, such as `relayCa`.
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option if there is none, or one that does not parse.
 */
export function requireCertificates(option: string, pem: string): [string, ...string[]] {
  const [first, ...others] = certificatesIn(String(pem));
  if (first === undefined) throw invalid(option, "holds no certificate: give PEM text");
  for (const each of [first, ...others]) parse(option, "a certificate", () => new X509Certificate(each));
  return [first, ...others];
}

/** What a TLS server proves itself with, as PEM. */
export interface KeyPair {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/**
 * Makes sure that a certificate chain and a private key parse and belong together. Says nothing of what is in the key.
 *
 * @param names what the caller calls them.
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the one that is wrong.
 */
export function requireKeyPair(
  { cert, key }: KeyPair,
  names: Readonly<Record<keyof KeyPair, string>> = { cert: "cert", key: "key" },
): void {
  const [leaf] = requireCertificates(names.cert, String(cert));
  const privateKey = parse(names.key, "an unencrypted private key", () => createPrivateKey(String(key)));
  if (!isKeyOf(leaf, privateKey))
    throw invalid(names.key, `does not belong to the (first) certificate of ${names.cert}`);
}

function isKeyOf(certificate: string, key: KeyObject): boolean {
  return new X509Certificate(certificate).checkPrivateKey(key);
}

function parse<T>(option: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(option, `does not parse as ${what}: give PEM text`, cause);
  }
}

function invalid(option: string, fault: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", `${option} ${fault}`, {
    cause,
    details: { option },
  });
}
