import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** The root of the package, the same from src/ and from dist/. */
export const packageRoot: string = join(import.meta.dirname, "../../..");

/** Returns the file of the addon: as `npm run build:engine` has built it, or else as a release brings it for this platform. */
export function addonFile(root: string = packageRoot, { platform, arch }: Platform = process): string {
  const built = join(root, "target/quicpipe-engine.node");
  const prebuilds = join(root, `prebuilds/${platform}-${arch}`);
  if (existsSync(built) || !existsSync(prebuilds)) return built;
  const prebuilt = join(prebuilds, `quicpipe-engine${libcTag(platform)}.node`);
  return existsSync(prebuilt) ? prebuilt : built;
}

type Platform = Pick<NodeJS.Process, "platform" | "arch">;

/** node-gyp-build names prebuilt files like this too. A process of musl reports no version of glibc. */
function libcTag(platform: NodeJS.Platform): string {
  if (platform !== "linux") return "";
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? ".musl" : ".glibc";
}
