import { fileURLToPath } from "node:url";
import nodeGypBuild from "node-gyp-build";
import { type Addon, addonAbi } from "./addon.ts";

/** The addon, or why there is none. `brief` is the reason in a few words, if it is a long one. */
export type LoadedAddon = { readonly addon: Addon } | { readonly reason: string; readonly brief?: string };

/** The same from src/ and from dist/. */
const packageRoot: string = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Loads the addon from `build/Release/` or `prebuilds/` at the root of the package. Refuses one of another version, which is
 * there if it was not built again with the package. Never throws.
 */
export function loadAddon(
  root: string = packageRoot,
  platform: NodeJS.Platform = process.platform,
  load: (root: string) => unknown = nodeGypBuild,
): LoadedAddon {
  if (platform !== "linux") return { reason: `native needs Linux, and this is ${platform}` };
  try {
    const addon = load(root) as Addon;
    return addon.abi === addonAbi
      ? { addon }
      : { reason: otherVersion(addon.abi), brief: "the native addon is of another version" };
  } catch (error) {
    const [firstLine] = String(error instanceof Error ? error.message : error).split("\n");
    return { reason: `the native addon does not load: ${firstLine}`, brief: "no native addon" };
  }
}

function otherVersion(abi: unknown): string {
  return `the native addon is of another version than this package (its interface is ${String(abi ?? "none")}, not ${addonAbi}): run \`npm run build:native\` in a clone, or else install quicpipe again`;
}
