import { X509Certificate } from "node:crypto";
import { requireKeyPair } from "../../../files/pem.ts";
import { readOptionFile } from "../../arguments.ts";
import type { TlsFiles } from "../config.ts";

/** Where certificate and key are, and the names of the options that say so. */
export interface TlsSource extends TlsFiles {
  readonly names: Readonly<Record<keyof TlsFiles, string>>;
}

/** A certificate chain and its private key, PEM. */
export interface TlsText {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads certificate and key, and requires that they fit.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the file that cannot be read, does not parse or does not fit.
 */
export function readTlsFiles(files: TlsSource): TlsText {
  const { names } = files;
  const text = readTexts(files);
  requireKeyPair(text, { cert: `${names.cert} ${files.cert}`, key: `${names.key} ${files.key}` });
  return text;
}

/** Reads both files, whatever they hold. @throws ERR_QUICPIPE_OPTION_INVALID */
export function readTexts({ cert, key, names }: TlsSource): TlsText {
  return { cert: readOptionFile(names.cert, cert), key: readOptionFile(names.key, key) };
}

/** Returns the end of a certificate's validity, in ms since the epoch. */
export function endOf(cert: string): number {
  return new X509Certificate(cert).validToDate.getTime();
}

/** Days before its end from which a certificate is warned of: certbot renews 30 days before, and 14 leave time to find out why not. */
const warnedDays = 14;
const dayMs = 86_400_000;

/** Returns a clause about a certificate that is not valid now or soon will not be; `undefined` if all is well. */
export function validityWarning(cert: string, nowMs: number): string | undefined {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const days = (validToDate.getTime() - nowMs) / dayMs;
  if (nowMs < validFromDate.getTime())
    return `the certificate is valid only from ${validFromDate.toISOString()} on: peers do not trust it yet`;
  if (days <= 0) return `the certificate has expired on ${validToDate.toISOString()}: peers do not trust it`;
  if (days > warnedDays) return undefined;
  return `the certificate expires on ${validToDate.toISOString()}, in less than ${Math.ceil(days)} days: renew it`;
}
