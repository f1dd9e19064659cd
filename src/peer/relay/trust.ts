import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { getCACertificates } from "node:tls";
import { namesOf } from "../../files/certificate.ts";
import { QuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";
import { parseDer, requireCertificates } from "../../files/pem.ts";

/** Parameters for verifying the relay's certificate. */
export interface RelayTrust {
  /** DNS name for which it must be valid. */
  readonly serverName: string;
  /** The one CA certificate (PEM) to which it must chain up; `undefined` verifies nothing. */
  readonly ca: string | undefined;
}

/**
 * Determines how to verify the relay at `host`. The HTTP/3 client takes one CA certificate, and no IP address as a
 * name. So if several CAs are trusted (the system's), or the host is an address, `probe` shakes hands first and returns
 * the verified chain, from which the CA and a name are taken. The client then verifies everything itself: a probe that
 * was deceived only makes it fail.
 *
 * @param relayCa PEM text; the system's CAs if absent; `"insecure"` verifies nothing.
 * @throws ERR_QUICPIPE_OPTION_INVALID if `relayCa` is no PEM text with a certificate, or is absent and the system has
 *   none.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the relay's certificate is not for `host`.
 */
export async function selectRelayTrust(
  host: string,
  relayCa: string | undefined,
  probe: (ca: string, serverName: string | undefined) => Promise<readonly Uint8Array[]>,
): Promise<RelayTrust> {
  const isAddress = isIP(host) !== 0;
  if (relayCa === "insecure") return { serverName: isAddress ? "localhost" : host, ca: undefined };
  const candidates =
    relayCa === undefined ? getCACertificates("default") : requireCertificates("relayCa", relayCa);
  const [only] = candidates;
  if (only === undefined)
    throw optionError("relayCa", "the system has no CA certificates: give the relay's as relayCa");
  if (candidates.length === 1) {
    const serverName = isAddress ? nameBeside(new X509Certificate(only), host) : host;
    if (serverName !== undefined) return { serverName, ca: only };
  }
  const chain = await probe(candidates.join("\n"), isAddress ? undefined : host);
  const certificates = chain.map((der) => parseDer(der));
  const serverName = isAddress ? certificates[0] && nameBeside(certificates[0], host) : host;
  const ca = issuerAmong(candidates, certificates);
  if (serverName !== undefined && ca !== undefined) return { serverName, ca };
  throw new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", refusal(host, certificates[0]), {
    details: { host },
  });
}

function refusal(host: string, certificate: X509Certificate | undefined): string {
  if (certificate === undefined) return "the relay presented no certificate";
  const names = namesOf(certificate);
  if (isIP(host) !== 0 && certificate.checkIP(host) === undefined)
    return `the relay's certificate is valid for ${names.join(", ") || "no name"}, not for ${host}: address the relay by a name that its certificate has, or give it one that has ${host}`;
  if (isIP(host) !== 0 && nameBeside(certificate, host) === undefined)
    return `the relay's certificate is valid for ${host}, but the HTTP/3 client needs a DNS name in it too: give the relay a certificate that has one beside the address`;
  return "the relay's certificate leads to none of the trusted CAs: give its CA, or the certificate itself, as relayCa";
}

/** Returns a DNS name of a certificate that is valid for the IP address `host`; `undefined` if it is not, or has none. */
function nameBeside(certificate: X509Certificate, host: string): string | undefined {
  if (certificate.checkIP(host) === undefined) return undefined;
  return namesOf(certificate).find((name) => isIP(name) === 0);
}

/** Returns the first candidate, from the leaf upwards, that is in the chain or issued a certificate in it. */
function issuerAmong(candidates: readonly string[], chain: readonly X509Certificate[]): string | undefined {
  const roots = candidates.map((pem) => ({ pem, certificate: new X509Certificate(pem) }));
  for (const each of chain)
    for (const { pem, certificate } of roots)
      if (each.fingerprint256 === certificate.fingerprint256 || isIssuedBy(each, certificate)) return pem;
  return undefined;
}

/** Compares the name and verifies the signature: renewed CAs share their names. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
