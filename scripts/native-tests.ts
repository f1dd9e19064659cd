/** `npm run test:native`: tests the C of the native forwarder under sanitizers and fuzzers. */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { testAddon } from "./native-tests/addon.ts";
import type { Extent } from "./native-tests/command.ts";
import { fuzz } from "./native-tests/fuzz.ts";
import { compileForBpf, race, runUnitTests } from "./native-tests/programs.ts";

const help = `Tests the C of the native forwarder, in about two minutes.

  npm run test:native -- [--short] [--keep] [bpf] [unit] [race] [fuzz] [addon]

  bpf      bpf/parse.h compiles for the BPF target
  unit     the C tests in test/native/unit, with AddressSanitizer and UndefinedBehaviorSanitizer
  race     threads that forward while another changes everything, with ThreadSanitizer and then AddressSanitizer
  fuzz     bpf/parse.h and the whole receive path, with libFuzzer
  addon    the integration tests of the native backend, on an addon with AddressSanitizer and UndefinedBehaviorSanitizer

  --short  a quick run
  --keep   adds what the fuzzers find new to test/native/corpus

Needs Debian's clang, libclang-rt-14-dev and gcc; without Clang it does nothing, or fails if QUICPIPE_REQUIRE names
clang. Exits with 1 if a step fails, with 2 if an option is wrong.
`;

const steps: Readonly<Record<string, (extent: Extent) => boolean>> = {
  bpf: compileForBpf,
  unit: runUnitTests,
  race,
  fuzz,
  addon: testAddon,
};

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      short: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const isValid = positionals.every((name) => name in steps);
  if (values.help || !isValid) {
    process[values.help ? "stdout" : "stderr"].write(help);
    return values.help ? 0 : 2;
  }
  if (!hasClang()) return isRequired() ? 1 : 0;
  const extent: Extent = { isShort: values.short, keepsCorpus: values.keep };
  const chosen = positionals.length > 0 ? positionals : Object.keys(steps);
  const failed = chosen.filter((name) => !runStep(name, extent));
  process.stdout.write(failed.length === 0 ? "held\n" : `failed: ${failed.join(", ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

function runStep(name: string, extent: Extent): boolean {
  const startMs = Date.now();
  process.stdout.write(`${name}\n`);
  const holds = steps[name]!(extent);
  process.stdout.write(
    `${name}: ${holds ? "ok" : "failed"} (${Math.round((Date.now() - startMs) / 1000)} s)\n`,
  );
  return holds;
}

function isRequired(): boolean {
  return (process.env["QUICPIPE_REQUIRE"] ?? "").split(",").includes("clang");
}

function hasClang(): boolean {
  if (spawnSync("clang", ["--version"]).status === 0) return true;
  process.stderr.write(
    "no clang here, so the C tests do not run: apt-get install clang libclang-rt-14-dev llvm-14\n",
  );
  return false;
}
