import type { QuicpipeError } from "../../errors.ts";
import { optionError, optionInvalid, requireOptions } from "../../option-checks.ts";
import type { CertificateDemand } from "../engine/contract.ts";
import { parseDer, requireCertificates } from "../../files/pem.ts";
import { pinOf, pinPrefix } from "./identity.ts";

/**
 * The peers that a peer trusts:
 * - pins of keys: `sha256/…`, as `quicpipe id` prints them;
 * - `{ ca }`: certificates that a CA in this PEM text issued for the other peer's name, which is one of their DNS names (RFC 5280
 *   §4.2.1.6), letter by letter. Where the first packets came out of band, no name is known: any certificate of the CA is trusted;
 * - a function that decides by the other peer's name in the mailbox, if any, and the pin of its key;
 * - `"insecure"`: any peer. No certificate is requested or checked, so an attacker on the path can read along.
 */
export type Trust =
  | readonly string[]
  | CaTrust
  | "insecure"
  | ((remoteName: string | undefined, pin: string) => boolean | Promise<boolean>);

/** Trust in certificates of a CA, see {@link Trust}. */
export interface CaTrust {
  /** PEM text with the certificates of one CA or several. */
  readonly ca: string;
}

/** Decides on the certificate that the other side presented. An error is a refusal, not a fault of the connection. */
export type CertificateCheck = (der: Uint8Array) => Promise<boolean>;

/** A {@link Trust} ready for use: the demand in TLS, and the check after it. */
export interface TrustPolicy {
  readonly demand: CertificateDemand;
  /** `undefined` if there is nothing to check. */
  readonly checkFor: ((remoteName: string | undefined) => CertificateCheck) | undefined;
}

/**
 * Prepares a trust for use.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID for a value of another kind, an empty list, a pin that is no SHA-256, or a CA that holds no
 *   certificate or one that does not parse.
 */
export function createTrustPolicy(trust: Trust): TrustPolicy {
  if (trust === "insecure") return { demand: { kind: "none" }, checkFor: undefined };
  if (typeof trust === "function")
    return {
      demand: { kind: "any" },
      checkFor: (remoteName) => async (der) => (await trust(remoteName, pinOf(der))) === true,
    };
  return isList(trust) ? pinPolicy(trust) : caPolicy(trust);
}

function pinPolicy(trust: readonly string[]): TrustPolicy {
  const pins = trust.map((pin, index) =>
    Buffer.from(parsePin(pin, `trust[${index}]`).slice(pinPrefix.length), "base64"),
  );
  if (pins.length === 0) throw invalid("no pin is given");
  // TLS compares the keys, so the other side learns of a wrong one by its alert.
  return { demand: { kind: "pins", pins }, checkFor: undefined };
}

function caPolicy(trust: CaTrust): TrustPolicy {
  if (typeof trust !== "object" || trust === null) throw optionInvalid("trust", trust, wanted);
  const { ca } = requireOptions<CaTrust>("trust", trust, { ca: true });
  const pem = requireCertificates("trust.ca", String(ca)).join("\n");
  return {
    demand: { kind: "ca", pem },
    // TLS has checked the issuer, the dates and the usages. The name is checked only if one is known.
    checkFor: (remoteName) => async (der) => remoteName === undefined || isFor(remoteName, der),
  };
}

/**
 * Reports whether a certificate is for a peer of this name. `checkHost` returns the name in the certificate that it found: for
 * `.com` that of any host below it, and it ignores case, which tells peers apart.
 */
function isFor(remoteName: string, der: Uint8Array): boolean {
  return parseDer(der).checkHost(remoteName, { wildcards: false, subject: "never" }) === remoteName;
}

/** `Array.isArray` does not narrow a type of read-only lists. */
function isList(trust: readonly string[] | CaTrust): trust is readonly string[] {
  return Array.isArray(trust);
}

/**
 * Checks a pin: `sha256/` and the 44 characters of the base64 of a SHA-256.
 *
 * @param path where it is, such as `trust[0]`.
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming that.
 */
export function parsePin(pin: string, path: string): string {
  if (typeof pin !== "string") throw optionInvalid(path, pin, pinWanted);
  const hash = Buffer.from(pin.startsWith(pinPrefix) ? pin.slice(pinPrefix.length) : "", "base64");
  if (hash.length === 32 && pin === pinPrefix + hash.toString("base64")) return pin;
  if (isCertificatePin(pin))
    throw pinInvalid(
      path,
      `${JSON.stringify(pin)} pins a certificate, as in older versions; pins are of keys now`,
    );
  throw pinInvalid(path, `${JSON.stringify(pin)} is no pin`);
}

/** Whether a text is a pin of the older kind: the SHA-256 of a certificate in hex, with or without colons, or in base64url. */
function isCertificatePin(pin: string): boolean {
  return /^[0-9a-f]{64}$/i.test(pin.replaceAll(":", "")) || /^[\w-]{43}=?$/.test(pin);
}

function pinInvalid(path: string, what: string): QuicpipeError {
  return optionError(path, `${path}: ${what}; give ${pinWanted}`);
}

const pinWanted =
  "the pin of the other peer's key (sha256/…, from its `identity.pin`, or `quicpipe id` for the command line)";

const wanted = `a list of pins (sha256/…), { ca }, a function or "insecure"`;

function invalid(what: string, remedy: string = wanted): QuicpipeError {
  return optionError("trust", `trust: ${what}; give ${remedy}`);
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

/** The trust of one dial or accept. */
export interface TrustOptions {
  /** Pin of the other peer's key, or several; short for `trust: [pin]`. */
  readonly pin?: string | readonly string[];
  /** Trust in the other peer; the peer's own `trust` if neither this nor `pin` is given. */
  readonly trust?: Trust;
}

/**
 * Returns the trust of a dial or accept: `pin`, else `trust`, else the peer's own.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if there is none, if both are given, or if one is given and undefined: where a trust was
 *   meant and is missing, no weaker one takes its place.
 */
export function chosenTrust(options: TrustOptions, own: Trust | undefined): Trust {
  const { pin, trust } = options;
  if (Object.hasOwn(options, "pin") && pin === undefined)
    throw pinInvalid("pin", "it is given, but undefined");
  if (Object.hasOwn(options, "trust") && trust === undefined) throw invalid("it is given, but undefined");
  if (pin !== undefined && trust !== undefined) throw invalid("pin is given too", "one of the two");
  return pin === undefined ? requireTrust(trust ?? own) : [pin].flat().map((each) => parsePin(each, "pin"));
}
