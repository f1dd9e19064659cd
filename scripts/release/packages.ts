/** The packages of a release: quicpipe, and one for each platform, of which an install takes the one that fits. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { releaseFolder, root, run } from "./command.ts";
import type { Target } from "./targets.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [member: string]: unknown;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** The name of a platform's package. */
export const packageName = ({ name }: Target): string => `@quicpipe/${name}`;

function write(folder: string, name: string, content: Manifest | string): void {
  const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`;
  writeFileSync(join(folder, name), text);
}

/** Packs a folder, and returns the path of the tarball. */
function pack(folder: string): string {
  const options = ["--ignore-scripts", "--loglevel=error", "--pack-destination", releaseFolder];
  return join(releaseFolder, run("npm", ["pack", ...options], { cwd: folder }).trim());
}

/** Packs the addons in a folder as the package of their platform, with the notices that their licences ask for. */
export function packPlatform(target: Target, folder: string, notices: string): string {
  const { version, license, repository, homepage, bugs, engines } = manifest;
  const { name, cpu, libc } = target;
  write(folder, "package.json", {
    name: packageName(target),
    version,
    description: `The addons of quicpipe for ${name}`,
    license,
    repository,
    homepage,
    bugs,
    engines,
    os: ["linux"],
    cpu: [cpu],
    libc: [libc],
  });
  write(
    folder,
    "README.md",
    `The addons of [quicpipe](${String(homepage)}) for ${name}. Installing quicpipe installs it.\n`,
  );
  write(folder, "THIRD-PARTY-NOTICES.txt", notices);
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  return pack(folder);
}

/** Packs quicpipe itself: without addons, and with the platforms' packages as optional dependencies of the same version. */
export function packMain(platforms: readonly Target[]): string {
  const folder = join(releaseFolder, "main");
  mkdirSync(folder, { recursive: true });
  const local = pack(root);
  run("tar", ["-xzf", local, "--strip-components=1", "-C", folder]);
  rmSync(local);
  rmSync(join(folder, "prebuilds"), { recursive: true, force: true });
  const optionalDependencies = Object.fromEntries(
    platforms.map((target) => [packageName(target), manifest.version]),
  );
  const { scripts: _, devDependencies: __, ...published } = manifest;
  write(folder, "package.json", { ...published, name: manifest.name, optionalDependencies } as Manifest);
  return pack(folder);
}
