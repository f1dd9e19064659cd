import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { QuicpipeError } from "../errors.ts";

/** The folder of this package, in which its addons and pages are: the same from src/, from dist/ and from a bundle. */
export const packageRoot: string = findPackage(import.meta.dirname, import.meta.url);

/**
 * Finds the package from one of its modules, which a bundler may have copied into a file of the application. Then it is looked
 * for as Node looks for packages, from that file on.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if the module is in a bundle, and the package is not beside it.
 */
export function findPackage(folder: string, url: string): string {
  const own = join(folder, "../..");
  if (isOurs(join(own, "package.json"))) return own;
  try {
    return dirname(createRequire(url).resolve("quicpipe/package.json"));
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_DEPENDENCY_MISSING",
      `quicpipe is bundled into ${folder} without its addons and pages: copy node_modules/quicpipe and node_modules/uplot to ${join(folder, "node_modules")}/ (docs/deployment.md, "Bundles")`,
      { cause },
    );
  }
}

function isOurs(manifest: string): boolean {
  try {
    return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === "quicpipe";
  } catch {
    return false;
  }
}
