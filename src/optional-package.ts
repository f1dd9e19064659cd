import { QuicpipeError } from "./errors.ts";

/** Packages that need not be installed, by what they are for. */
export interface PackageNeed {
  /** What needs them, such as `a peer`. */
  readonly what: string;
  readonly needed: readonly string[];
  /** Packages that nearly always come with them: they are named with another that is missing. */
  readonly usual: readonly string[];
}

/**
 * Requires packages before the first of them is loaded, so that all that are missing are named at once.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if one of `needed` is missing.
 */
export function requirePackages({ what, needed, usual }: PackageNeed): void {
  if (needed.every(isInstalled)) return;
  const missing = [...needed, ...usual].filter((name) => !isInstalled(name));
  throw new QuicpipeError(
    "ERR_QUICPIPE_DEPENDENCY_MISSING",
    `${what} needs packages that are not installed: run \`npm install ${missing.join(" ")}\``,
  );
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

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
