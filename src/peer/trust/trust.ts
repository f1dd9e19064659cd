import { QuicpipeError } from "../../errors.ts";
import type { CertificateDemand } from "../engine/contract.ts";
import { certificatesIn, parseDer } from "../../files/pem.ts";
import { pinOf, pinPrefix } from "./identity.ts";

/**
 * The peers that a peer trusts:
 * - pins of keys: `sha256/…`, as `quicpipe id` prints them;
 * - `{ ca }`: certificates that a CA in this PEM text issued for the other peer's name;
 * - a function that decides by the other peer's name in the mailbox, if any, and the pin of its key;
 * - `"insecure"`: any peer. No certificate is requested or checked, so an attacker on the path can read along.
 */
export type Trust =
  | readonly string[]
  | { readonly ca: string }
  | "insecure"
  | ((remoteName: string | undefined, pin: string) => boolean | Promise<boolean>);

/** Decides on the certificate that the other side presented. */
export type CertificateCheck = (der: Uint8Array) => boolean | Promise<boolean>;

/** A {@link Trust} ready for use: the demand in TLS, and the check after it. */
export interface TrustPolicy {
  readonly demand: CertificateDemand;
  /** `undefined` if there is nothing to check. */
  readonly checkFor: ((remoteName: string | undefined) => CertificateCheck) | undefined;
}

/**
 * Prepares a trust for use.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID for an empty list, a pin that is no SHA-256 or a PEM text without a certificate.
 */
export function createTrustPolicy(trust: Trust): TrustPolicy {
  if (trust === "insecure") return { demand: { kind: "none" }, checkFor: undefined };
  if (typeof trust === "function")
    return {
      demand: { kind: "any" },
      // Async even if the function is not: an error that it throws is a refusal, not a fault of the connection.
      checkFor: (remoteName) => async (der) => (await trust(remoteName, pinOf(der))) === true,
    };
  if ("ca" in trust) return caPolicy(trust.ca);
  const pins = new Set(trust.map(parsePin));
  if (pins.size === 0) throw invalid("no pin is given");
  return { demand: { kind: "any" }, checkFor: () => async (der) => pins.has(pinOf(der)) };
}

function caPolicy(pem: string): TrustPolicy {
  if (certificatesIn(pem).length === 0) throw invalid("the ca is no PEM text with a certificate");
  return {
    demand: { kind: "ca", pem },
    // TLS has checked the issuer. The name is checked only if one is known.
    checkFor: (remoteName) => (der) =>
      remoteName === undefined || parseDer(der).checkHost(remoteName) !== undefined,
  };
}

/** Checks a pin: `sha256/` and the 44 characters of the base64 of a SHA-256. */
export function parsePin(pin: string): string {
  if (typeof pin !== "string") throw invalid("a pin is no text", pinWanted);
  const hash = Buffer.from(pin.startsWith(pinPrefix) ? pin.slice(pinPrefix.length) : "", "base64");
  if (hash.length === 32 && pin === pinPrefix + hash.toString("base64")) return pin;
  if (isCertificatePin(pin))
    throw invalid(
      `${JSON.stringify(pin)} pins a certificate, as before 1.0; pins are of keys now`,
      pinWanted,
    );
  throw invalid(`${JSON.stringify(pin)} is no pin`, pinWanted);
}

/** Whether a text is a pin of the older kind: the SHA-256 of a certificate in hex, with or without colons, or in base64url. */
function isCertificatePin(pin: string): boolean {
  return /^[0-9a-f]{64}$/i.test(pin.replaceAll(":", "")) || /^[\w-]{43}=?$/.test(pin);
}

const pinWanted = "the pin of the other peer's key (sha256/…, from its `quicpipe id`)";

function invalid(what: string, wanted: string = `${pinWanted}, { ca } or "insecure"`): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", `trust: ${what}; give ${wanted}`, {
    details: { option: "trust" },
  });
}

/**
 * Returns the given trust. There is no default: no peer is trusted unless the caller says so.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if none is given.
 */
export function requireTrust(trust: Trust | undefined): Trust {
  if (trust === undefined) throw invalid("nothing is said about whom to trust");
  return trust;
}

/**
 * Returns the trust of a dial or accept: `pin`, else `trust`, else the peer's own.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if there is none, or if `pin` is given and undefined: a pin that is missing where one was
 *   meant must not fall back to a weaker trust.
 */
export function chosenTrust(
  options: { readonly pin?: string | readonly string[] | undefined; readonly trust?: Trust | undefined },
  own: Trust | undefined,
): Trust {
  if (options.pin !== undefined) return [options.pin].flat();
  if (Object.hasOwn(options, "pin")) throw invalid("pin is given, but undefined", pinWanted);
  return requireTrust(options.trust ?? own);
}
