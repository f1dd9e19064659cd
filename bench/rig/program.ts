import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runCommand } from "./command.ts";

const compiled = new Set<string>();

/** Compiles the control of the relay rows, and returns the path of the program. */
export function compileControl(): string {
  return compile("bare", "controls/bare.c", "rig/packet.c");
}

/** Compiles the load, and returns the path of the program. */
export function compileLoad(): string {
  return compile("load", "rig/load.c", "rig/packet.c", "rig/turn.c");
}

/** Compiles the sink, and returns the path of the program. */
export function compileSink(): string {
  return compile("sink", "rig/sink.c", "rig/packet.c");
}

/** The command that runs a script of the benchmark, named from `bench/`. */
export function nodeCommand(script: string, ...args: readonly (string | number)[]): string[] {
  return [process.execPath, fromBench(script), ...args.map(String)];
}

/** Once in a run. */
function compile(name: string, ...sources: readonly string[]): string {
  const program = fromBench(`build/${name}`);
  if (compiled.has(name)) return program;
  mkdirSync(fromBench("build"), { recursive: true });
  runCommand(
    "cc",
    "-std=c11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-o",
    program,
    ...sources.map(fromBench),
  );
  compiled.add(name);
  return program;
}

function fromBench(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
