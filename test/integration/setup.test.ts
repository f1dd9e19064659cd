import { cpSync, existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { assetFiles } from "../../src/console/assets.ts";
import { projectPath, startChild } from "./harness/child.ts";
import { temporaryFolder } from "./harness/folder.ts";

const buildMs = 240_000;

/** A clone that has everything installed, and the addon, but nothing built. */
function clone(): string {
  const folder = temporaryFolder();
  for (const name of ["src", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json"])
    cpSync(projectPath(name), join(folder, name), { recursive: true });
  for (const name of ["node_modules", "build", "bpf", "binding.gyp"])
    if (existsSync(projectPath(name))) symlinkSync(projectPath(name), join(folder, name));
  return folder;
}

/** Where the build puts what the console's page loads. */
const modules = assetFiles
  .filter(({ name }) => name.endsWith(".js") && name !== "uplot.js")
  .map(({ name }) => `dist/console/browser/${name}`);

async function setup(folder: string): Promise<string> {
  const child = startChild(process.execPath, [join(folder, "scripts/setup.mjs")], { cwd: folder });
  expect(await child.exited, child.stderr()).toBe(0);
  return child.stderr();
}

describe("npm run setup", () => {
  it(
    "builds what the console's page loads too, again if a part of it is missing, and else nothing",
    async () => {
      const folder = clone();
      const missing = (): string[] => modules.filter((path) => !existsSync(join(folder, path)));
      await setup(folder);
      expect(missing()).toEqual([]);
      expect(await setup(folder)).not.toContain("building dist/");
      rmSync(join(folder, modules[0]!));
      expect(await setup(folder)).toContain("building dist/");
      expect(missing()).toEqual([]);
    },
    buildMs,
  );
});

describe("npm pack", () => {
  it(
    "builds what it packs",
    async () => {
      const child = startChild("npm", ["pack", "--dry-run", "--json", "--loglevel=error"], { cwd: clone() });
      expect(await child.exited, child.stderr()).toBe(0);
      expect(modules.filter((path) => !child.stdout().includes(`"${path}"`))).toEqual([]);
    },
    buildMs,
  );
});
