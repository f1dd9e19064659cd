import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import tls from "node:tls";
import { namesOf } from "../../files/certificate.ts";
import { optionError } from "../../option-checks.ts";
import { parseDer, requireCertificates } from "../../files/pem.ts";
import type { CertificateDemand } from "../engine/contract.ts";
import { pinPrefix } from "./identity.ts";
import { createTrustPolicy, parsePin } from "./trust.ts";

/** How the relay's certificate is verified. */
export interface RelayTrust {
  /** Server name to request; none for an address (RFC 6066 §3). */
  readonly serverName: string | undefined;
  /** TLS verifies the chain. */
  readonly demand: CertificateDemand;
  /** Returns why a certificate (DER) that a trusted CA issued is not the relay's; `undefined` if it is. */
  refusalOf(der: Uint8Array): string | undefined;
}

/**
 * Determines how to verify the relay at `host`: its certificate has to lead to one of the trusted CAs, or be one of them, and to
 * be valid for the name or address.
 *
 * @param relayCa PEM text, or the pin of the relay's key; the system's CAs if absent; `"insecure"` verifies nothing.
 * @throws ERR_QUICPIPE_OPTION_INVALID if `relayCa` is no PEM text with a certificate, or is absent and the system has none.
 */
export function relayTrust(host: string, relayCa: string | undefined): RelayTrust {
  const serverName = isIP(host) === 0 ? host : undefined;
  if (relayCa === "insecure") return { serverName, demand: { kind: "none" }, refusalOf: () => undefined };
  if (relayCa?.startsWith(pinPrefix))
    return { serverName, demand: pinDemand(relayCa), refusalOf: () => undefined };
  const authorities =
    relayCa === undefined ? tls.getCACertificates("default") : requireCertificates("relayCa", relayCa);
  if (authorities.length === 0)
    throw optionError("relayCa", "the system has no CA certificates: give the relay's as relayCa");
  const demand = { kind: "ca", pem: authorities.join("\n") } as const;
  return { serverName, demand, refusalOf: (der) => refusalOf(der, host) };
}

/** TLS compares the keys. Whoever pins a key needs neither a CA nor a name. */
function pinDemand(pin: string): CertificateDemand {
  return createTrustPolicy([parsePin(pin, "relayCa")]).demand;
}

function refusalOf(der: Uint8Array, host: string): string | undefined {
  const certificate = parsed(der);
  if (!certificate) return "its certificate cannot be read";
  if (isFor(certificate, host)) return undefined;
  const names = namesOf(certificate).join(", ") || "no name";
  return `its certificate is valid for ${names}, not for ${host}: address the relay by a name that its certificate has, or give it one that has ${host}`;
}

/** TLS is laxer about certificates than `X509Certificate`, and the relay chose the bytes. */
function parsed(der: Uint8Array): X509Certificate | undefined {
  try {
    return parseDer(der);
  } catch {
    return undefined;
  }
}

/** The common name counts for nothing (RFC 9525 §2). */
function isFor(certificate: X509Certificate, host: string): boolean {
  const found =
    isIP(host) === 0 ? certificate.checkHost(host, { subject: "never" }) : certificate.checkIP(host);
  return found !== undefined;
}
