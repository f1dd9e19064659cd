import { hostname } from "node:os";
import { createIdentity, loadIdentity, type Identity } from "../../peer/index.ts";
import { createSecretFile, damaged, readSecretFile, statePath } from "../../files/state.ts";

/**
 * This user's identity, made the first time it is asked for and kept with mode 0600.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if it cannot be kept or read, or others may read it.
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
  // Another process may have been quicker: its identity stands.
  return { ...read(path, readSecretFile(path)!), path };
}

function read(path: string, kept: Buffer): Identity {
  try {
    return loadIdentity(kept.toString());
  } catch (cause) {
    throw damaged(path, "does not hold a certificate and its key", cause);
  }
}
