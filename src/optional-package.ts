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

/** A package that need not be installed. */
export interface OptionalPackage<Module> {
  readonly name: string;
  readonly load: () => Promise<Module>;
  /** What needs it, such as `making a certificate`. */
  readonly what: string;
  /** What one can do without it. */
  readonly otherwise: string;
}

/**
 * Loads a package that need not be installed.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if it is missing; ERR_QUICPIPE_ADDON_UNUSABLE if it is there and does not load, such as
 *   one without its binary for this platform.
 */
export async function loadPackage<Module>({
  name,
  load,
  what,
  otherwise,
}: OptionalPackage<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const install = `run \`npm install ${name}\``;
    if (!isInstalled(name))
      throw new QuicpipeError(
        "ERR_QUICPIPE_DEPENDENCY_MISSING",
        `${what} needs the package ${name}: ${install}, or ${otherwise}`,
        { cause },
      );
    const [fault] = (cause as Error).message.split("\n");
    throw new QuicpipeError(
      "ERR_QUICPIPE_ADDON_UNUSABLE",
      `${what} needs the package ${name}, which is installed and does not load (${fault}): delete node_modules and ${install} on this machine, with its optional dependencies, or ${otherwise}`,
      { cause, details: { path: import.meta.resolve(name) } },
    );
  }
}
