import { hostname } from "node:os";
import { createCertificate, type Certificate } from "../certificate.ts";
import { createSecretFile, keepStateFile, readSecretFile, statePath } from "../state.ts";

const keyEnd = "-----END PRIVATE KEY-----\n";

/** Where the development certificate lies, without its key: the file that peers elsewhere are given. */
export function developmentCertificatePath(): string {
  return statePath("development-certificate.pem");
}

/**
 * The certificate that a relay serves HTTP/3 with where none is given: self-signed for localhost and this
 * host's name, made once and kept (mode 0600) in the user's state directory, so that peers can trust it by name.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@peculiar/x509`.
 * @throws ERR_QUICPIPE_OPTION_INVALID if others may read the file with the key.
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if there is no folder of this user alone to keep it in.
 */
export async function developmentCertificate(): Promise<Certificate> {
  const path = statePath("development-tls.pem");
  const kept = readSecretFile(path);
  const both = kept ? split(kept.toString()) : await make(path);
  keepStateFile(developmentCertificatePath(), both.certificate);
  return both;
}

async function make(path: string): Promise<Certificate> {
  const hosts = ["localhost", "127.0.0.1", "::1", hostname()];
  const made = await createCertificate({ name: "quicpipe development", hosts });
  const pem = `${made.privateKey.trimEnd()}\n${made.certificate}`;
  // If another process was quicker, its certificate stands.
  return split(createSecretFile(path, pem) ? pem : readSecretFile(path)!.toString());
}

function split(pem: string): Certificate {
  const end = pem.indexOf(keyEnd) + keyEnd.length;
  return { privateKey: pem.slice(0, end), certificate: pem.slice(end) };
}
