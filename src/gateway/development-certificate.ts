import { hostname } from "node:os";
import { createCertificate } from "../files/certificate.ts";
import { type KeyPair, requireKeyPair } from "../files/pem.ts";
import {
  createSecretFile,
  damaged,
  developmentCertificatePath,
  keepStateFile,
  readSecretFile,
  statePath,
} from "../files/state.ts";

const keyEnd = "-----END PRIVATE KEY-----\n";

/** The development certificate and its key, both PEM: the option `tls` of `serve`. */
export interface DevelopmentCertificate extends KeyPair {
  readonly key: string;
  readonly cert: string;
}

/**
 * Returns the certificate that a relay serves HTTP/3 with if none is given. It is self-signed for localhost and this host's
 * name, made once and kept (mode 0600) in the user's state directory, so that peers can trust it by name.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@peculiar/x509`.
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if no folder of this user alone can hold it, if others may read the file with the key,
 *   or if that file holds something else.
 */
export async function developmentCertificate(): Promise<DevelopmentCertificate> {
  const path = statePath("development-tls.pem");
  const kept = readSecretFile(path);
  const both = kept ? read(path, kept) : await make(path);
  keepStateFile(developmentCertificatePath(), both.cert);
  return both;
}

async function make(path: string): Promise<DevelopmentCertificate> {
  const hosts = ["localhost", "127.0.0.1", "::1", hostname()];
  const made = await createCertificate({ name: "quicpipe development", hosts });
  const pem = `${made.privateKey.trimEnd()}\n${made.certificate}`;
  // Another process may have been quicker. Then its certificate stands.
  return createSecretFile(path, pem) ? split(pem) : read(path, readSecretFile(path)!);
}

function read(path: string, kept: Buffer): DevelopmentCertificate {
  const both = split(kept.toString());
  try {
    requireKeyPair(both);
    return both;
  } catch (cause) {
    throw damaged(path, "does not hold a certificate and its key", cause);
  }
}

function split(pem: string): DevelopmentCertificate {
  const end = pem.indexOf(keyEnd) + keyEnd.length;
  return { key: pem.slice(0, end), cert: pem.slice(end) };
}
