import { X509Certificate } from "node:crypto";
import { isQuicpipeError, QuicpipeError } from "../../../errors.ts";
import { namesOf } from "../../../files/certificate.ts";
import { developmentCertificate, developmentCertificatePath } from "../../../gateway/index.ts";
import type { RelayConfig } from "../config.ts";
import type { GivenArgs } from "../environment.ts";
import { readTlsFiles, type TlsSource, type TlsText } from "./files.ts";

/** Returns the files of the certificate; `undefined` if it is the development certificate. */
export function tlsSourceOf({ tls }: RelayConfig, { args }: GivenArgs): TlsSource | undefined {
  const prefix = args.cert === undefined ? "tls." : "--";
  return tls && { ...tls, names: { cert: `${prefix}cert`, key: `${prefix}key` } };
}

/**
 * Returns the certificate to serve with.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, and what `developmentCertificate` throws.
 */
export async function loadCertificate(source: TlsSource | undefined): Promise<TlsText> {
  if (source) return readTlsFiles(source);
  try {
    return await developmentCertificate();
  } catch (error) {
    if (!isQuicpipeError(error)) throw error;
    const message = `${error.message}; with --cert and --key none is needed`;
    throw new QuicpipeError(error.code, message, { cause: error, details: error.details });
  }
}

/** Returns what to know of a development certificate. */
export function developmentHint(cert: string): string {
  const names = namesOf(new X509Certificate(cert));
  return `serving a development certificate for ${names.join(", ")}; peers elsewhere reach the relay by this machine's name, and need the certificate as --relay-ca: ${developmentCertificatePath()}`;
}
