import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { assetFiles } from "../../src/console/assets.ts";
import { platformName } from "../../src/files/addon.ts";
import { projectPath, startChild } from "./harness/child.ts";
import { temporaryFolder } from "./harness/folder.ts";

/** Ends a test that hangs. The engine's crates are compiled within minutes, on a busy machine within several. */
const buildMs = 1_200_000;

/** A clone that has everything installed, and the addon, but nothing built. */
function clone(): string {
  const folder = temporaryFolder();
  for (const name of ["src", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json"])
    cpSync(projectPath(name), join(folder, name), { recursive: true });
  for (const name of ["node_modules", "build", "bpf", "binding.gyp"])
    if (existsSync(projectPath(name))) symlinkSync(projectPath(name), join(folder, name));
  return folder;
}

/** Lends a clone the crates that are compiled here already. The engine's own is another one in another folder. */
function lendCrates(folder: string): void {
  const compiled = projectPath("target/release");
  if (existsSync(compiled))
    cpSync(compiled, join(folder, "target/release"), { recursive: true, preserveTimestamps: true });
}

/** Has a clone build the engine without optimization, which takes two thirds of the time. */
function spareOptimization(folder: string): void {
  const manifest = join(folder, "src/peer/engine/native/Cargo.toml");
  appendFileSync(manifest, "\n[profile.release.package.quicpipe-engine]\nopt-level = 0\n");
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

/** A preload by which Node knows no user's folder, so that a Rust of this machine's is not found there. */
const homeless = `data:text/javascript,${encodeURIComponent(`
  import os from "node:os";
  import { syncBuiltinESMExports } from "node:module";
  os.userInfo = () => ({ homedir: "/nonexistent" });
  syncBuiltinESMExports();`)}`;

/** A clone in which all is built but the engine, for which there is no Rust, and what the set-up needs to know that. */
function cloneWithoutRust(): { folder: string; env: Record<string, string> } {
  const folder = temporaryFolder();
  for (const name of ["src", "scripts", "dist", "examples", "package.json"])
    cpSync(projectPath(name), join(folder, name), { recursive: true, preserveTimestamps: name !== "dist" });
  for (const name of ["node_modules", "build", "bpf", "binding.gyp"])
    if (existsSync(projectPath(name))) symlinkSync(projectPath(name), join(folder, name));
  const path = temporaryFolder();
  symlinkSync(process.execPath, join(path, "node"));
  return { folder, env: { PATH: path, NODE_OPTIONS: `--import=${homeless}` } };
}

describe("npm run setup", () => {
  it(
    "builds what the console's page loads too, again if a part of it is missing, and else nothing",
    async () => {
      const folder = clone();
      lendCrates(folder);
      spareOptimization(folder);
      const missing = (): string[] => modules.filter((path) => !existsSync(join(folder, path)));
      await setup(folder);
      expect(missing()).toEqual([]);
      expect(await setup(folder)).not.toContain("building dist/");
      rmSync(join(folder, modules[0]!));
      expect(await setup(folder)).toContain("building dist/");
      expect(missing()).toEqual([]);
      // Peers that run keep the file that they have loaded: a new engine is another file.
      const engine = join(folder, "target/quicpipe-engine.node");
      const running = statSync(engine).ino;
      const later = new Date(Date.now() + 1000);
      utimesSync(join(folder, "src/peer/engine/native/Cargo.lock"), later, later);
      expect(await setup(folder)).toContain("QUIC engine");
      expect(statSync(engine).ino).not.toBe(running);
    },
    buildMs,
  );
});

describe("without Rust", () => {
  it("the set-up says in one line that no peer can run, and what to install", async () => {
    const { folder, env } = cloneWithoutRust();
    const child = startChild(process.execPath, [join(folder, "scripts/setup.mjs")], { cwd: folder, env });
    expect(await child.exited, child.stderr()).toBe(0);
    expect(child.stderr().split("\n").slice(-2)).toEqual([
      "quicpipe: no Rust: peers cannot run here, a relay can; install Rust 1.88 or later (https://rustup.rs), then run `npm run setup`",
      "",
    ]);
  });

  it("the demo starts nothing, and says in one line what it lacks", async () => {
    const { folder, env } = cloneWithoutRust();
    const child = startChild(process.execPath, [join(folder, "scripts/demo.ts")], { cwd: folder, env });
    expect(await child.exited).toBe(1);
    expect(child.stderr()).toMatch(/^demo: a peer's QUIC engine .*build-engine\.mjs`\n$/);
    expect(child.stdout()).toBe("");
  });
});

describe("npm pack", () => {
  it(
    "builds what it packs",
    async () => {
      const folder = clone();
      for (const path of ["target/quicpipe-engine.node", "dist/left-over.js"]) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), "");
      }
      const child = startChild("npm", ["pack", "--dry-run", "--json", "--loglevel=error"], { cwd: folder });
      expect(await child.exited, child.stderr()).toBe(0);
      const engine = `prebuilds/${platformName()}/quicpipe-engine.node`;
      expect([...modules, engine].filter((path) => !child.stdout().includes(`"${path}"`))).toEqual([]);
      expect(child.stdout()).not.toContain("left-over.js");
    },
    buildMs,
  );
});
