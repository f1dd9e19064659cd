/** Installs a release as a user does, from a registry, and runs it. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, globSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Target } from "./targets.ts";

/** What is installed with `quicpipe`, as the README says. */
const companions = {
  relay: ["h3", "@currentspace/http3", "@peculiar/x509"],
  peer: ["@peculiar/x509"],
} as const;

export interface Installed {
  readonly folder: string;
  /** Bytes of all files, and of each package. */
  readonly bytes: number;
  readonly packages: ReadonlyMap<string, number>;
}

/** Installs what a role needs for a target, in a folder of its own. The registry is served by this process meanwhile. */
export async function install(
  role: keyof typeof companions,
  { cpu, libc }: Target,
  registry: string,
): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-trial-"));
  const platform = ["--os=linux", `--cpu=${cpu}`, `--libc=${libc}`];
  // The bytes of an earlier release of the same version are another package.
  const options = [
    `--registry=${registry}`,
    "--prefer-online",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const args = ["install", "quicpipe", ...companions[role], ...platform, ...options];
  const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed`);
  return { folder, ...measure(join(folder, "node_modules")) };
}

export function remove({ folder }: Installed): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Returns the names of the packages of addons that are installed. */
export function platformsIn({ folder }: Installed): string[] {
  return globSync("node_modules/@quicpipe/*", { cwd: folder }).map((path) => path.split("/").at(-1)!);
}

function measure(modules: string): Pick<Installed, "bytes" | "packages"> {
  const packages = new Map<string, number>();
  for (const path of globSync("{[!@.]*,@*/*}", { cwd: modules }))
    packages.set(path, bytesBelow(join(modules, path)));
  return { bytes: [...packages.values()].reduce((sum, bytes) => sum + bytes, 0), packages };
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => lstatSync(join(folder, path)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

/** Runs a relay with peers by the Node of the target. Returns what they say of themselves, or why they failed. */
export function tryOut(
  { folder }: Installed,
  [command, ...args]: readonly string[],
): {
  readonly passed: boolean;
  readonly output: string;
} {
  const home = mkdtempSync(join(tmpdir(), "quicpipe-home-"));
  const program = join(folder, "trial-program.mjs");
  copyFileSync(join(import.meta.dirname, "trial-program.mjs"), program);
  const env = { PATH: process.env["PATH"], HOME: home };
  const { status, stdout, stderr } = spawnSync(command!, [...args, program], {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 900_000,
  });
  rmSync(home, { recursive: true, force: true });
  const [line = ""] = stdout.split("\n");
  const isNative = /"backend":"native"/.test(line);
  return { passed: status === 0 && isNative, output: line || stderr.trim().split("\n").slice(-8).join(" ") };
}
