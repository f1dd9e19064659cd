/** Makes a whole release, for all platforms, into `build/release/`, checks it, and runs what runs here: `npm run release`. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { buildEngine, buildForwarder } from "./release/addons.ts";
import { checkExports, faultsOf, megabytesOf, newestGlibc } from "./release/checks.ts";
import { releaseFolder, root, run, say } from "./release/command.ts";
import { readLicences } from "./release/licences.ts";
import { packMain, packPlatform } from "./release/packages.ts";
import { openRegistry } from "./release/registry.ts";
import { addonFiles, type Target, targets } from "./release/targets.ts";
import { nodeFor } from "./release/tools.ts";
import { type Installed, install, platformsIn, remove, tryOut } from "./release/trial.ts";

const help = `npm run release -- [--only PLATFORM,…]

Builds the addons for ${targets.map(({ name }) => name).join(", ")}
with Zig and Rust on Debian 12, x64, in about half an hour the first time. Packs quicpipe, and a package of addons for each
platform. Then installs them from a registry on loopback, and runs a relay with two peers where this machine can: natively,
by musl, by QEMU. The tarballs are in build/release/. Nothing is published. Exits with 1 if a check fails.`;

const { values } = parseArgs({ options: { only: { type: "string" }, help: { type: "boolean" } } });

interface Row {
  readonly target: Target;
  readonly tarball: string;
  readonly addons: string;
  readonly ran: string;
}

const faults: string[] = [];

/** Builds and packs a platform; `undefined`, with a fault, if it cannot be built here. */
function makePlatform(target: Target): Pick<Row, "target" | "tarball" | "addons"> | undefined {
  say(`building ${target.name} …`);
  const folder = join(releaseFolder, "addons", target.name);
  try {
    buildForwarder(target, folder);
    buildEngine(target, folder);
  } catch (error) {
    faults.push(`${target.name} is not built: ${(error as Error).message}`);
    return undefined;
  }
  faults.push(...faultsOf(target, folder));
  const { notices, refused } = readLicences(target);
  faults.push(...refused.map((crate) => `${target.name}: the licence of ${crate} is not allowed`));
  return { target, tarball: packPlatform(target, folder, notices), addons: describe(target, folder) };
}

function describe({ libc }: Target, folder: string): string {
  const paths = addonFiles.map((name) => join(folder, name));
  const glibc = libc === "glibc" ? `, glibc ${paths.map((path) => newestGlibc(path)).join(" and ")}` : "";
  return `${paths.map((path) => megabytesOf(path)).join(" + ")} MB${glibc}`;
}

/** Installs a relay for a platform and runs it, if this machine can. */
async function tryPlatform(target: Target, registry: string): Promise<string> {
  const node = nodeFor(target);
  if (node === undefined) return "not run";
  say(`running ${target.name} …`);
  const installed = await install("relay", target, registry);
  const others = platformsIn(installed).filter((name) => name !== target.name);
  if (others.length > 0) faults.push(`${target.name}: an install has the addons of ${others.join(", ")} too`);
  const { passed, output } = tryOut(installed, node);
  if (!passed) faults.push(`${target.name} does not run: ${output}`);
  remove(installed);
  return output;
}

/** The packages that make most of an install's size. */
function sizesOf(role: string, { bytes, packages }: Installed): string {
  const parts = [...packages].toSorted(([, a], [, b]) => b - a).slice(0, 6);
  const shown = parts.map(([name, size]) => `${name} ${(size / 1e6).toFixed(1)}`);
  return `installed ${role}: ${(bytes / 1e6).toFixed(1)} MB (${shown.join(", ")})`;
}

async function main(): Promise<void> {
  const only = values.only?.split(",");
  const chosen = targets.filter(({ name }) => !only || only.includes(name));
  rmSync(releaseFolder, { recursive: true, force: true });
  mkdirSync(releaseFolder, { recursive: true });
  rmSync(join(root, "dist"), { recursive: true, force: true });
  run("npm", ["run", "--silent", "build"]);
  const made = chosen.map(makePlatform).filter((row) => row !== undefined);
  const packed = packMain(made.map(({ target }) => target));
  say("checking exports and types …");
  checkExports(packed);

  const registry = await openRegistry([packed, ...made.map(({ tarball }) => tarball)]);
  const rows: Row[] = [];
  for (const each of made) rows.push({ ...each, ran: await tryPlatform(each.target, registry.url) });
  const sizes: string[] = [];
  for (const role of ["relay", "peer"] as const) {
    const installed = await install(role, made[0]!.target, registry.url);
    sizes.push(sizesOf(role, installed));
    remove(installed);
  }
  registry.close();
  cpSync(join(root, "CHANGELOG.md"), join(releaseFolder, "CHANGELOG.md"));
  for (const folder of ["main", "addons"])
    rmSync(join(releaseFolder, folder), { recursive: true, force: true });
  print(packed, rows, sizes);
}

function print(packed: string, rows: readonly Row[], sizes: readonly string[]): void {
  const lines = rows.map(
    ({ tarball, addons, ran }) => `| ${basename(tarball)} | ${megabytesOf(tarball)} | ${addons} | ${ran} |`,
  );
  const head = ["| tarball | MB | addons | run |", "| --- | --- | --- | --- |"];
  const first = `| ${basename(packed)} | ${megabytesOf(packed)} | none | with each of these |`;
  console.log([...head, first, ...lines, "", ...sizes].join("\n"));
  for (const fault of faults) console.log(`FAULT ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

if (values.help) console.log(help);
else await main();
