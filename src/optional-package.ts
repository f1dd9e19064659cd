import { QuicpipeError } from "./errors.ts";

/**
 * Loads a package that need not be installed.
 *
 * @param remedy what needs it, and how to install it.
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if it is missing, or its binary for this platform is.
 */
export async function loadPackage<Module>(load: () => Promise<Module>, remedy: string): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new QuicpipeError("ERR_QUICPIPE_DEPENDENCY_MISSING", remedy, { cause });
  }
}
