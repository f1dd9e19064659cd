/** The packed tarball, and projects that have installed it. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";

/** Where the tarball of this file's tests is. */
let packed: string;

/** Packs the project once for all tests of a file, with the addons that are built here. */
export function packOnce(): void {
  // An install copies 140 MB, which takes a minute on a busy machine.
  vi.setConfig({ testTimeout: 900_000 });
  beforeAll(() => {
    packed = mkdtempSync(join(tmpdir(), "quicpipe-packed-"));
    const options = { cwd: projectPath("."), stdio: "pipe" } as const;
    execFileSync(process.execPath, ["scripts/release/prebuilds.mjs"], options);
    const args = ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", packed];
    execFileSync("npm", args, options);
  });
  afterAll(() => rmSync(packed, { recursive: true, force: true }));
}

/** The path of the tarball. */
export function tarball(): string {
  return join(packed, readdirSync(packed)[0]!);
}

/** Runs a command to its end, which has to be a good one, and returns what it printed. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const child = startChild(command, args, { cwd, env });
  expect(await child.exited, child.stdout() + child.stderr()).toBe(0);
  return child.stdout();
}

/** A project that has the packed tarball, beside the dependencies of ours but for some. */
export async function unpack(...without: string[]): Promise<string> {
  const folder = temporaryFolder();
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  for (const name of readdirSync(projectPath("node_modules")).filter(
    (entry) => !entry.startsWith(".") && !without.includes(entry),
  ))
    symlinkSync(projectPath(`node_modules/${name}`), join(modules, name));
  await run("tar", ["-xzf", tarball(), "-C", modules], folder);
  await run("mv", [join(modules, "package"), join(modules, "quicpipe")], folder);
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  return folder;
}

/** The lines of a block of shell commands in the README, below a heading. */
export function readmeLines(heading: string): string[] {
  const readme = readFileSync(projectPath("README.md"), "utf8");
  const [, block] = new RegExp(`^## ${heading}\\n[^]*?\`\`\`sh\\n([^]*?)\`\`\``, "m").exec(readme)!;
  return block!.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** A user with nothing of ours: an empty home, and a folder outside of the project. */
export class Newcomer {
  readonly home: string = temporaryFolder();
  readonly folder: string = temporaryFolder();
  /** Downloads are kept in the cache of whoever runs the tests; all else of the home is the newcomer's. */
  readonly env: NodeJS.ProcessEnv = {
    HOME: this.home,
    XDG_STATE_HOME: "",
    NODE_ENV: "",
    NODE_OPTIONS: "",
    npm_config_cache: execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim(),
    npm_config_update_notifier: "false",
    PATH: [join(this.folder, "node_modules/.bin"), dirname(process.execPath), process.env["PATH"]].join(
      delimiter,
    ),
  };

  /** Runs a line of the README in a shell, with the tarball in place of the package's name. */
  async install(line: string): Promise<void> {
    expect(line).toMatch(/^npm install quicpipe /);
    await run("sh", ["-c", line.replace(" quicpipe ", ` ${tarball()} `)], this.folder, this.env);
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  start(command: string, args: readonly string[]): Child {
    return startChild(command, args, { cwd: this.folder, env: this.env });
  }

  /** Runs a program of the newcomer's to its end, and returns what it printed. */
  node(...args: string[]): Promise<string> {
    return run(process.execPath, args, this.folder, this.env);
  }
}
