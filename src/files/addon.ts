import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { QuicpipeError } from "../errors.ts";
import { headerFault, libcHere, libcOf } from "./machine-code.ts";

/** One of the package's addons. */
export interface AddonName {
  /** What an error calls it. */
  readonly what: string;
  /** Its file in a release, in the folder of a platform. */
  readonly file: string;
  /** Where a build on this machine puts it, below the package's root. */
  readonly built: string;
  /** How to build it here. */
  readonly remedy: string;
}

/** What a file of machine code has to fit. */
export type Platform = Pick<NodeJS.Process, "platform" | "arch">;

/** Returns the name of a platform, as folders and packages of a release have it: `linux-x64`, `linux-x64-musl`, `darwin-arm64`. */
export function platformName({ platform, arch }: Platform = process): string {
  return `${platform}-${arch}${platform === "linux" && libcHere() === "musl" ? "-musl" : ""}`;
}

/**
 * Loads an addon: as it was built on this machine, or else as the package or that of its platform brings it.
 *
 * @throws ERR_QUICPIPE_ADDON_MISSING if there is none for this platform, and ERR_QUICPIPE_ADDON_UNUSABLE if there is one that
 *   does not load.
 */
export function loadAddon(addon: AddonName, root: string, here: Platform = process): unknown {
  const require = createRequire(join(root, "package.json"));
  const path = addonPath(addon, root, require, here);
  if (path === undefined) {
    const platform = platformName(here);
    const message = `${addon.what} for ${platform} is not installed: install a release of quicpipe that brings it, or ${addon.remedy}`;
    throw new QuicpipeError("ERR_QUICPIPE_ADDON_MISSING", message, { details: { platform } });
  }
  const fault = here.platform === "linux" ? headerFault(path, here.arch) : undefined;
  if (fault !== undefined) throw unusable(addon, path, fault);
  try {
    return require(path);
  } catch (cause) {
    throw unusable(addon, path, loadFault(path, here, cause), cause);
  }
}

function addonPath(
  { built, file }: AddonName,
  root: string,
  { resolve }: NodeJS.Require,
  here: Platform,
): string | undefined {
  const local = join(root, built);
  if (existsSync(local)) return local;
  const platform = platformName(here);
  const packed = join(root, "prebuilds", platform, file);
  if (existsSync(packed)) return packed;
  try {
    return resolve(`@quicpipe/${platform}/${file}`);
  } catch {
    return undefined;
  }
}

/** Why a system does not load a file that looks well. Its own words are about a missing library or symbol. */
function loadFault(path: string, { platform }: Platform, cause: unknown): string {
  const libc = platform === "linux" ? libcOf(path) : undefined;
  if (libc !== undefined && libc !== libcHere()) return `it is for ${libc}, and this Node for ${libcHere()}`;
  return (cause as Error).message.split("\n")[0]!.replace(`${path}: `, "");
}

function unusable({ what, remedy }: AddonName, path: string, fault: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_ADDON_UNUSABLE",
    `${what} does not load from ${path}: ${fault}; install quicpipe again on this machine, or ${remedy}`,
    { cause, details: { path } },
  );
}
