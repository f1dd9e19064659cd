import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../machine/command.ts";

const warnings = ["-Wall", "-Wextra", "-Werror"];
const compiled = new Set<string>();

/** Compiles the control of the relay rows and returns the path of the program. */
export function compileControl(): string {
  return compile("bare", "controls/bare.c", "rig/native/packet.c");
}

/** Compiles the load and returns the path of the program. */
export function compileLoad(): string {
  return compile(
    "load",
    "rig/native/load.c",
    "rig/native/workload.c",
    "rig/native/packet.c",
    "rig/native/turn.c",
  );
}

/** Compiles the sink and returns the path of the program. */
export function compileSink(): string {
  return compile("sink", "rig/native/sink.c", "rig/native/packet.c");
}

/** Compiles the wire between peers and returns the path of the program. */
export function compileWire(): string {
  return compile("wire", "rig/path/wire.c");
}

/** Compiles the host of XDP programs and the control of the XDP rows, and returns the path of the host. */
export function compileXdp(): string {
  const sources = [
    "subjects/xdp.c",
    "rig/native/test-run.c",
    ...frames,
    ...sourcesBelow("../src/xdp/native"),
  ];
  return compileWith("controls/reflector", "xdp", ...sources);
}

/** Compiles the far end of the frame rows and returns the path of the program. */
export function compileReceiver(): string {
  return compileWith(
    "rig/native/receiver",
    "receiver",
    "rig/native/receiver.c",
    ...frames,
    "../src/xdp/native/calls.c",
  );
}

/** Builds the peer in Rust, a control of the rows of peers, and returns the path of the program. */
export function buildRustPeer(): string {
  const builder = fromBench("../scripts/build-engine.mjs");
  if (!compiled.has("peer")) runCommand(process.execPath, builder, "--quiet", "--example", "peer");
  compiled.add("peer");
  return fromBench("../target/release/examples/peer");
}

/** Returns the command that runs a script of the benchmark, named relative to `bench/`. */
export function nodeCommand(script: string, ...args: readonly (string | number)[]): string[] {
  return [process.execPath, fromBench(script), ...args.map(String)];
}

const frames: readonly string[] = [
  "rig/native/frame.c",
  "rig/native/workload.c",
  "rig/native/packet.c",
  "../test/xdp/packet.c",
];

function sourcesBelow(folder: string): string[] {
  const names = readdirSync(fromBench(folder), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".c"),
  );
  return names.map((name) => `${folder}/${name}`);
}

/** Compiles an XDP program into a skeleton header, with which a C program loads it. */
function writeSkeleton(path: string): void {
  const name = basename(path);
  const object = fromBuild(`${name}.bpf.o`);
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  const target = ["--target=bpf", "-mcpu=v3", `-I/usr/include/${machine}-linux-gnu`];
  runCommand("clang", ...target, "-O2", "-g", ...warnings, "-c", fromBench(`${path}.bpf.c`), "-o", object);
  const header = runCommand("bpftool", "gen", "skeleton", "-L", object, "name", `qp_${name}`);
  writeFileSync(fromBuild(`${name}.skel.h`), header);
}

/** Compiles a C program that loads an XDP program. */
function compileWith(skeleton: string, name: string, ...sources: readonly string[]): string {
  if (!compiled.has(name)) writeSkeleton(skeleton);
  return compile(name, ...sources);
}

/** Compiles a program, once per run. */
function compile(name: string, ...sources: readonly string[]): string {
  const program = fromBuild(name);
  if (compiled.has(name)) return program;
  const flags = ["-std=c11", "-D_GNU_SOURCE", "-O2", ...warnings];
  runCommand("cc", ...flags, "-o", program, ...sources.map(fromBench));
  compiled.add(name);
  return program;
}

function fromBuild(name: string): string {
  mkdirSync(fromBench("build"), { recursive: true });
  return fromBench(`build/${name}`);
}

function fromBench(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
