/** What is checked of the files of a release without running them. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { headerFault, libcOf } from "../../src/files/machine-code.ts";
import { run } from "./command.ts";
import { addonFiles, oldestGlibc, type Target } from "./targets.ts";

/** Returns the newest version of glibc that a file asks for; `undefined` if for none. */
export function newestGlibc(file: string): string | undefined {
  const text = readFileSync(file, "latin1");
  const versions = [...text.matchAll(/\0GLIBC_(2(?:\.\d+)+)(?=\0)/g)].map(([, version]) => version!);
  return versions.toSorted((a, b) => minorOf(a) - minorOf(b)).at(-1);
}

const minorOf = (version: string): number => Number(version.split(".")[1]);

/** Returns what is wrong with the addons in a target's folder. */
export function faultsOf(target: Target, folder: string): string[] {
  return addonFiles.flatMap((name) => {
    const file = join(folder, name);
    const fault = existsSync(file) ? faultOf(target, file) : "it is missing";
    return fault === undefined ? [] : [`${target.name}/${name}: ${fault}`];
  });
}

function faultOf({ cpu, libc }: Target, file: string): string | undefined {
  const fault = headerFault(file, cpu);
  if (fault !== undefined) return fault;
  if (libcOf(file) !== libc) return `it asks for ${libcOf(file) ?? "no C library"}, not for ${libc}`;
  const glibc = newestGlibc(file);
  return glibc !== undefined && minorOf(glibc) > minorOf(oldestGlibc)
    ? `it asks for glibc ${glibc}, and Node 24 runs on ${oldestGlibc}`
    : undefined;
}

/** The exports and types of the package, as `npm run package:check` looks at them; throws what is wrong. */
export function checkExports(tarball: string): void {
  const tools = ["--yes", "--package=publint@0.3.25", "--package=@arethetypeswrong/cli@0.18.5", "--"];
  run("npm", ["exec", ...tools, "publint", "--strict", tarball]);
  run("npm", ["exec", ...tools, "attw", "--profile", "esm-only", tarball]);
}

/** Size of a file in MB. */
export const megabytesOf = (file: string): string => (statSync(file).size / 1e6).toFixed(1);
