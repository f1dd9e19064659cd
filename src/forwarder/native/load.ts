import process from "node:process";
import { isQuicpipeError } from "../../errors.ts";
import { type AddonName, loadAddon as loadFile, type Platform } from "../../files/addon.ts";
import { packageRoot } from "../../files/package-root.ts";
import { type Addon, addonAbi } from "./addon.ts";

/** The addon, or why there is none. `brief` is the reason in a few words, if it is a long one. */
export type LoadedAddon = { readonly addon: Addon } | { readonly reason: string; readonly brief?: string };

const name: AddonName = {
  what: "the native addon",
  file: "quicpipe.node",
  built: "build/Release/quicpipe.node",
  remedy:
    "build it by `npx node-gyp rebuild` in the package's folder, with a C compiler, make, Python 3 and libbpf-dev",
};

/**
 * Loads the addon as built in the package, or below the folder that `QUICPIPE_PREBUILD` names, or else as a release brings it.
 * Refuses one of another version, which is there if it was not built again with the package. Never throws.
 */
export function loadAddon(
  root: string = process.env["QUICPIPE_PREBUILD"] ?? packageRoot,
  here: Platform = process,
  load: (name: AddonName, root: string, here: Platform) => unknown = loadFile,
): LoadedAddon {
  if (here.platform !== "linux") return { reason: `native needs Linux, and this is ${here.platform}` };
  try {
    const addon = load(name, root, here) as Addon;
    return addon.abi === addonAbi
      ? { addon }
      : { reason: otherVersion(addon.abi), brief: "the native addon is of another version" };
  } catch (error) {
    const isMissing = isQuicpipeError(error, "ERR_QUICPIPE_ADDON_MISSING");
    const brief = isMissing ? "no native addon" : "the native addon does not load";
    return { reason: (error as Error).message, brief };
  }
}

function otherVersion(abi: unknown): string {
  return `the native addon is of another version than this package (its interface is ${String(abi ?? "none")}, not ${addonAbi}): run \`npm run build:native\` in a clone, or else install quicpipe again`;
}
