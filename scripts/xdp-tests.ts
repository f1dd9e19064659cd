/** Tests the XDP program in the kernel of this machine, on a host that is a network namespace. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildPath, projectPath, run } from "./native-tests/command.ts";
import { dataPlaneSources, memorySanitizers, sourcesIn } from "./native-tests/programs.ts";
import { findMissing, skip } from "./xdp/requirement.ts";
import { writeVectors } from "./xdp/vectors.ts";

const help = `Tests the XDP program, in a few seconds.

  node scripts/xdp-tests.ts [--keep] [skeleton] [abi] [program]

  skeleton  bpf/relay.skel.h is what bpf/relay.bpf.c compiles to
  abi       test/fixtures/abi.json has the bytes of the structs in bpf/abi.h
  program   what the program does with a table of packets, with BPF_PROG_TEST_RUN

  --keep    writes test/fixtures/abi.json anew

Needs root and Debian's clang, libclang-rt-14-dev, bpftool, libbpf-dev and iproute2; elsewhere it does nothing, or fails
if QUICPIPE_REQUIRE names xdp. Exits with 1 if a step fails, with 2 if an option is wrong.
`;

const flags: readonly string[] = [
  "-std=gnu11",
  "-D_GNU_SOURCE",
  "-O1",
  "-g",
  "-Wall",
  "-Wextra",
  "-Werror",
  `-fsanitize=${memorySanitizers.join(",")}`,
  "-fno-sanitize-recover=all",
  "-pthread",
];

const steps: Readonly<Record<string, (isKept: boolean) => boolean>> = {
  skeleton: () => run(process.execPath, [projectPath("scripts/build-bpf.ts"), "--check"]),
  abi: testAbi,
  program: testProgram,
};

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { keep: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  const isValid = positionals.every((name) => name in steps);
  if (values.help || !isValid) {
    process[values.help ? "stdout" : "stderr"].write(help);
    return values.help ? 0 : 2;
  }
  const missing = findMissing();
  if (missing) return skip(missing);
  mkdirSync(buildPath("xdp"), { recursive: true });
  const chosen = positionals.length > 0 ? positionals : Object.keys(steps);
  const failed = chosen.filter((name) => {
    process.stdout.write(`${name}\n`);
    return !steps[name]!(values.keep);
  });
  process.stdout.write(failed.length === 0 ? "held\n" : `failed: ${failed.join(", ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

function compile(name: string, sources: readonly string[]): string | undefined {
  const program = buildPath(`xdp/${name}`);
  return run("clang", [...flags, ...sources, "-o", program]) ? program : undefined;
}

function testProgram(): boolean {
  const vectors = buildPath("xdp/vectors.c");
  writeVectors(vectors);
  const tests = ["test/xdp", "test/xdp/machine", "test/xdp/suites"].flatMap(sourcesIn);
  const program = compile("tests", [vectors, ...tests, ...dataPlaneSources()]);
  return program !== undefined && run(program, []);
}

function testAbi(isKept: boolean): boolean {
  const program = compile("abi", [projectPath("test/xdp/abi/dump.c")]);
  if (!program) return false;
  const { stdout } = spawnSync(program, { encoding: "utf8" });
  const fixture = projectPath("test/fixtures/abi.json");
  if (isKept) writeFileSync(fixture, stdout);
  const isSame = stdout === readFileSync(fixture, "utf8");
  if (!isSame) process.stderr.write("test/fixtures/abi.json is of another bpf/abi.h: see --keep\n");
  return isSame;
}
