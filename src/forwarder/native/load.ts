import { fileURLToPath } from "node:url";
import nodeGypBuild from "node-gyp-build";
import type { Addon } from "./addon.ts";

/** The addon, or why there is none. */
export type LoadedAddon = { readonly addon: Addon } | { readonly reason: string };

/** The same from src/ and from dist/. */
const packageRoot: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Loads the addon from `build/Release/` or `prebuilds/` at the root of the package. Never throws. */
export function loadAddon(
  root: string = packageRoot,
  platform: NodeJS.Platform = process.platform,
): LoadedAddon {
  if (platform !== "linux") return { reason: `native needs Linux, and this is ${platform}` };
  try {
    return { addon: nodeGypBuild(root) as Addon };
  } catch (error) {
    const [firstLine] = String(error instanceof Error ? error.message : error).split("\n");
    return { reason: `the native addon does not load: ${firstLine}` };
  }
}
