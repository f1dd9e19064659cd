import { globSync, mkdirSync } from "node:fs";
import { buildPath, type Extent, projectPath, run } from "./command.ts";
import { writeVectors } from "./vectors.ts";

/** System and C library calls that test/native/harness replaces. */
const wrapped: readonly string[] = ["sendmsg", "sendmmsg", "malloc", "calloc", "realloc", "getrandom"];

const flags: readonly string[] = [
  "-std=gnu11",
  "-D_GNU_SOURCE",
  "-O1",
  "-g",
  "-fno-omit-frame-pointer",
  "-Wall",
  "-Wextra",
  "-Werror",
];

/** Returns the C files of a folder. */
export function sourcesIn(folder: string): string[] {
  return globSync(projectPath(`${folder}/*.c`));
}

/** Returns the C files of the data plane, except those that need Node. */
export function dataPlaneSources(): string[] {
  const paths = globSync(projectPath("src/{forwarder,xdp}/native/**/*.c"));
  return paths.filter((path) => !path.includes("/napi/"));
}

/** A program, and how Clang builds it. */
export interface Program {
  readonly name: string;
  /** Files below test/native/. */
  readonly sources: readonly string[];
  /** Values of `-fsanitize`. */
  readonly sanitizers: readonly string[];
  /** Whether to link it with the forwarder and the harness. */
  readonly hasForwarder: boolean;
}

/** Compiles a program. Returns its path, or `undefined` on failure. */
export function compile({ name, sources, sanitizers, hasForwarder }: Program): string | undefined {
  const program = buildPath(name);
  mkdirSync(buildPath("."), { recursive: true });
  const others = hasForwarder ? [...dataPlaneSources(), ...sourcesIn("test/native/harness")] : [];
  const args = [
    ...flags,
    `-fsanitize=${sanitizers.join(",")}`,
    "-fno-sanitize-recover=all",
    ...(hasForwarder ? wrapped.map((call) => `-Wl,--wrap=${call}`) : []),
    ...sources.map((path) => projectPath(`test/native/${path}`)),
    ...others,
    "-o",
    program,
  ];
  return run("clang", args) ? program : undefined;
}

/** Sanitizers for memory errors and undefined behaviour. */
export const memorySanitizers: readonly string[] = ["address", "undefined", "float-cast-overflow"];

/** Compiles `bpf/parse.h` for the BPF target, which has no libc. */
export function compileForBpf(): boolean {
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  mkdirSync(buildPath("."), { recursive: true });
  return run("clang", [
    "--target=bpf",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    `-I/usr/include/${machine}-linux-gnu`,
    "-c",
    projectPath("test/native/bpf/parse.c"),
    "-o",
    buildPath("parse.bpf.o"),
  ]);
}

/** Runs the C tests. */
export function runUnitTests(): boolean {
  const program = compile({
    name: "unit",
    sources: [writeVectors(), ...globSync("unit/*.c", { cwd: projectPath("test/native") })],
    sanitizers: memorySanitizers,
    hasForwarder: true,
  });
  return program !== undefined && run(program, []);
}

/** Runs threads that forward while another changes everything. */
export function race({ isShort }: Extent): boolean {
  const seconds = isShort ? 2 : 8;
  return raceUnder("thread", ["thread"], seconds) && raceUnder("address", memorySanitizers, seconds / 2);
}

function raceUnder(name: string, sanitizers: readonly string[], seconds: number): boolean {
  const program = compile({
    name: `race-${name}`,
    sources: globSync("race/*.c", { cwd: projectPath("test/native") }),
    sanitizers,
    hasForwarder: true,
  });
  if (!program) return false;
  process.stdout.write(`  -fsanitize=${sanitizers.join(",")}\n`);
  return run(program, [String(seconds)], { env: { TSAN_OPTIONS: "halt_on_error=1" } });
}
