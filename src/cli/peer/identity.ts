import { hostname } from "node:os";
import { createIdentity, loadIdentity, type Identity } from "../../peer/index.ts";
import { createSecretFile, damaged, readSecretFile, statePath } from "../../files/state.ts";

/**
 * Returns this user's identity. Creates it on first use and keeps it with mode 0600.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if it cannot be kept or read, or if others may read it.
 */
export async function keptIdentity(): Promise<Identity & { readonly path: string }> {
  const path = statePath("identity.pem");
  const kept = readSecretFile(path);
  if (kept) return { ...read(path, kept), path };
  const made = await createIdentity({ name: hostname() });
  if (createSecretFile(path, made.pem)) {
    process.stderr.write(`quicpipe: made an identity for this user: ${path}\n`);
    return { ...made, path };
  }
  // Another process was quicker: its identity stands.
  return { ...read(path, readSecretFile(path)!), path };
}

function read(path: string, kept: Buffer): Identity {
  try {
    return loadIdentity(kept.toString());
  } catch (cause) {
    throw damaged(path, "does not hold a certificate and its key", cause);
  }
}
