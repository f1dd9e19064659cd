import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { relayConfig } from "../../../src/cli/relay/config.ts";
import { resolveSettings } from "../../../src/plugin/options/settings.ts";
import { projectPath } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";

/** Reads a file of `deploy`. */
export function read(name: string): string {
  return readFileSync(projectPath(`deploy/${name}`), "utf8");
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, output: stdout + stderr };
}

/** Writes a file to a folder of the test's own. */
export function written(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** Requires that a relay in production takes a config file, and returns the seconds for which it drains. */
export function drainOf(json: string): number {
  const { options, tls, drainSeconds = 0 } = relayConfig({ config: written("relay.json", json) }, true);
  expect(resolveSettings(options, { NODE_ENV: "production" }).auth).not.toBe("development");
  expect(tls).toBeDefined();
  return drainSeconds;
}

/** The folder of nginx's modules. */
export function nginxModules(): string {
  const [, folder] = /--modules-path=(\S+)/.exec(run("nginx", ["-V"]).output)!;
  return folder!;
}
