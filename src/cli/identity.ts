import { hostname } from "node:os";
import { createIdentity, loadIdentity, type Identity } from "../peer/index.ts";
import { createSecretFile, readSecretFile, statePath } from "../state.ts";

/** This user's identity, made the first time it is asked for and kept with mode 0600. */
export async function keptIdentity(): Promise<Identity & { readonly path: string }> {
  const path = statePath("identity.pem");
  const kept = readSecretFile(path);
  if (kept) return { ...loadIdentity(kept.toString()), path };
  const made = await createIdentity({ name: hostname() });
  if (createSecretFile(path, made.pem)) {
    process.stderr.write(`quicpipe: made an identity for this user: ${path}\n`);
    return { ...made, path };
  }
  // Another process may have been quicker: its identity stands.
  return { ...loadIdentity(readSecretFile(path)!.toString()), path };
}
