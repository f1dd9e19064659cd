import { hostname } from "node:os";
import { createCertificate, type Certificate } from "../certificate.ts";
import { createSecretFile, readSecretFile, statePath } from "../state.ts";

const keyEnd = "-----END PRIVATE KEY-----\n";

/** Where the development certificate and its key lie, in one PEM file. */
export function developmentCertificatePath(): string {
  return statePath("development-certificate.pem");
}

/**
 * The certificate that a relay serves HTTP/3 with where none is given: self-signed for localhost and this
 * host's name, made once and kept (mode 0600) in the user's state directory, so that peers can trust it by name.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@peculiar/x509`.
 * @throws ERR_QUICPIPE_OPTION_INVALID if others may read the file.
 */
export async function developmentCertificate(): Promise<Certificate> {
  const path = developmentCertificatePath();
  const kept = readSecretFile(path);
  if (kept) return split(kept.toString());
  const hosts = ["localhost", "127.0.0.1", "::1", hostname()];
  const made = await createCertificate({ name: "quicpipe development", hosts });
  // Another process may have been quicker: its certificate stands.
  if (createSecretFile(path, `${made.privateKey.trimEnd()}\n${made.certificate}`)) return made;
  return split(readSecretFile(path)!.toString());
}

function split(pem: string): Certificate {
  const end = pem.indexOf(keyEnd) + keyEnd.length;
  return { privateKey: pem.slice(0, end), certificate: pem.slice(end) };
}
