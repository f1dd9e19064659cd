import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { optionError, optionInvalid } from "../option-checks.ts";

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Returns the certificates in a PEM text, each as PEM. */
export function certificatesIn(pem: string): string[] {
  return [...pem.matchAll(certificateBlock)].map(([block]) => block);
}

/**
 * Returns the certificates in the PEM text of an option, at least one, each as PEM.
 *
 * @param option the option's name for the caller, such as `relayCa`.
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option, if there is no certificate or one does not parse.
 */
export function requireCertificates(option: string, pem: string): [string, ...string[]] {
  const [first, ...others] = certificatesIn(String(pem));
  if (first === undefined) throw optionError(option, `${option} holds no certificate: give PEM text`);
  for (const each of [first, ...others]) parse(option, "a certificate", () => new X509Certificate(each));
  return [first, ...others];
}

/**
 * Parses a certificate in DER, as TLS has it from the other side. `X509Certificate` looks for PEM text in any bytes first, and
 * an extension may hold the PEM text of another's certificate: so it gets these bytes as PEM.
 *
 * @throws what `X509Certificate` throws.
 */
export function parseDer(der: Uint8Array): X509Certificate {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return new X509Certificate(`-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`);
}

/** A TLS server's certificate chain and private key, PEM. */
export interface KeyPair {
  /** Certificate chain, leaf first. */
  readonly cert: string | Buffer;
  /** Private key. */
  readonly key: string | Buffer;
}

/**
 * Requires that a certificate chain and a private key parse and match, and returns them. Errors reveal nothing of the key.
 *
 * @param names the options' names for the caller.
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option at fault.
 */
export function requireKeyPair(
  { cert, key }: Partial<KeyPair> = {},
  names: Readonly<Record<keyof KeyPair, string>> = { cert: "cert", key: "key" },
): KeyPair {
  if (cert === undefined) throw optionInvalid(names.cert, cert, "a certificate chain in PEM text");
  if (key === undefined) throw optionInvalid(names.key, key, "a private key in PEM text");
  const [leaf] = requireCertificates(names.cert, String(cert));
  const privateKey = parse(names.key, "an unencrypted private key", () => createPrivateKey(String(key)));
  if (!isKeyOf(leaf, privateKey))
    throw optionError(names.key, `${names.key} does not belong to the (first) certificate of ${names.cert}`);
  return { cert, key };
}

/**
 * Requires that Node's TLS can serve with a pair: OpenSSL refuses what is weak, such as an RSA key of less than 2048 bits.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID
 */
export function requireForTls(pair: KeyPair): void {
  try {
    createSecureContext(pair);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw optionError("cert", `Node's TLS cannot use cert and key: ${why}; give another pair`, cause);
  }
}

/** Reports whether a private key belongs to a certificate (PEM). */
export function isKeyOf(certificate: string, key: KeyObject): boolean {
  return new X509Certificate(certificate).checkPrivateKey(key);
}

function parse<T>(option: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw optionError(option, `${option} does not parse as ${what}: give PEM text`, cause);
  }
}
