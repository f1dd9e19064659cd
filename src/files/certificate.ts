import { createPublicKey, type KeyObject, randomBytes, webcrypto, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import {
  elementInvalid,
  hiddenInvalid,
  optionInvalid,
  type OptionTable,
  range,
  requireInteger,
  requireOptions,
} from "../option-checks.ts";
import { loadPackage } from "../optional-package.ts";
import { plainIp } from "../wire/address.ts";

/** A certificate and its private key, both PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Contents of a certificate made by {@link createCertificate}. */
export interface CertificateOptions {
  /** Common name. Shown to people, never verified. */
  readonly name: string;
  /** Host names and IP literals that the certificate is valid for (subject alternative names). */
  readonly hosts?: readonly string[];
  /** Days until it expires, 1 to 36 500; default 3650. Peers that pin its key look at no date. */
  readonly days?: number;
  /** Private key to certify, Ed25519; a new P-256 key if absent. */
  readonly key?: KeyObject;
}

const newKey = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const givenKey = { name: "Ed25519" } as const;
const dayMs = 86_400_000;

/**
 * Creates a self-signed certificate for TLS servers and clients: of a new ECDSA P-256 key, or of a given one.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming an option that is wrong or unknown.
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if the optional package `@peculiar/x509` is not installed.
 */
export async function createCertificate(options: CertificateOptions): Promise<Certificate> {
  const { name, hosts, days, key } = checked(options);
  const x509 = await loadPackage({
    name: "@peculiar/x509",
    load: () => import("@peculiar/x509"),
    what: "making a certificate",
    otherwise: "bring a certificate of your own",
  });
  const [algorithm, keys] = key
    ? ([givenKey, await importKey(key)] as const)
    : ([newKey, await webcrypto.subtle.generateKey(newKey, true, ["sign", "verify"])] as const);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: randomBytes(16).toString("hex"),
      name: [{ CN: [name] }],
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + days * dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        // The certificate signs itself, and BoringSSL requires keyCertSign of a self-signed certificate (RFC 5280 §4.2.1.3).
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign,
          true,
        ),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        ...(hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName))] : []),
      ],
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: certificate.toString("pem"),
    privateKey: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}

const optionTable: OptionTable<CertificateOptions> = { name: true, hosts: true, days: true, key: true };

async function importKey(key: KeyObject): Promise<webcrypto.CryptoKeyPair> {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const pkcs8 = key.export({ format: "der", type: "pkcs8" });
  const [publicKey, privateKey] = await Promise.all([
    webcrypto.subtle.importKey("spki", spki, givenKey, true, ["verify"]),
    webcrypto.subtle.importKey("pkcs8", pkcs8, givenKey, true, ["sign"]),
  ]);
  return { publicKey, privateKey };
}

function checked(
  options: CertificateOptions,
): Required<Omit<CertificateOptions, "key">> & Pick<CertificateOptions, "key"> {
  const { name, hosts = [], days, key } = requireOptions("createCertificate(…)", options, optionTable);
  if (typeof name !== "string" || name === "") throw optionInvalid("name", name, "a non-empty string");
  if (!Array.isArray(hosts)) throw optionInvalid("hosts", hosts, "a list of host names and IP literals");
  const wrong = hosts.findIndex((host) => typeof host !== "string" || host === "");
  if (wrong !== -1) throw elementInvalid("hosts", hosts[wrong], "host names and IP literals");
  if (key !== undefined && (key?.type !== "private" || key.asymmetricKeyType !== "ed25519"))
    throw hiddenInvalid("key", key, "a KeyObject of an Ed25519 private key");
  return { name, hosts, days: requireInteger("days", days, range(1, 3650, 36_500)), ...(key && { key }) };
}

function alternativeName(host: string): { type: "ip" | "dns"; value: string } {
  return { type: isIP(host) ? "ip" : "dns", value: host };
}

/**
 * Returns the names and addresses that a certificate is valid for (RFC 5280 §4.2.1.6), as in its text form. A DNS name that reads as an
 * address is valid for no address, and is marked as a name.
 */
export function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )(DNS|IP Address):([^,\s]+)/g)].map(([, kind, name]) =>
    kind === "DNS" ? plainName(name!) : plainIp(name!),
  );
}

function plainName(name: string): string {
  return isIP(name) === 0 ? name : `the name ${name}`;
}
