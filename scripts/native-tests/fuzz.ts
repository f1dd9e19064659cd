import { cpSync, mkdirSync, rmSync } from "node:fs";
import { buildPath, type Extent, projectPath, run } from "./command.ts";
import { compile, memorySanitizers, type Program } from "./programs.ts";

interface Target extends Program {
  /** Of 60 in total; a short run takes a tenth. */
  readonly seconds: number;
  /** Longest input, in bytes. */
  readonly maxBytes: number;
}

const targets: readonly Target[] = [
  {
    name: "fuzz-parse",
    sources: ["fuzz/parse.c", "fuzz/rules.c"],
    sanitizers: ["fuzzer", ...memorySanitizers],
    hasForwarder: false,
    seconds: 10,
    maxBytes: 128,
  },
  {
    name: "fuzz-receive",
    sources: [
      "fuzz/receive.c",
      "fuzz/ledger.c",
      "fuzz/batch.c",
      "fuzz/client.c",
      "fuzz/world.c",
      "fuzz/expect.c",
      "fuzz/rules.c",
    ],
    sanitizers: ["fuzzer", ...memorySanitizers],
    hasForwarder: true,
    seconds: 50,
    maxBytes: 1024,
  },
];

/** Fuzzes each target for its time, starting from the kept corpus. */
export function fuzz(extent: Extent): boolean {
  return targets.every((target) => fuzzTarget(target, extent));
}

function fuzzTarget(target: Target, { isShort, keepsCorpus }: Extent): boolean {
  const program = compile(target);
  if (!program) return false;
  const kept = projectPath(`test/native/corpus/${target.name}`);
  const found = buildPath(`corpus/${target.name}`);
  for (const folder of [kept, found, buildPath("crashes")]) mkdirSync(folder, { recursive: true });
  const seconds = isShort ? target.seconds / 10 : target.seconds;
  process.stdout.write(`  ${target.name} for ${seconds} s\n`);
  const limits = [
    `-max_total_time=${seconds}`,
    `-max_len=${target.maxBytes}`,
    "-timeout=10",
    "-rss_limit_mb=2048",
  ];
  const crashes = `-artifact_prefix=${buildPath(`crashes/${target.name}-`)}`;
  if (run(program, [...limits, crashes, found, kept], { isQuiet: true }))
    return !keepsCorpus || keep(program, kept, found);
  process.stderr.write(`to see it again: ${program} and the path of the "Test unit" above\n`);
  return false;
}

/** Replaces the kept corpus by the smallest set of inputs that covers what old and new ones cover. */
function keep(program: string, kept: string, found: string): boolean {
  const fewest = buildPath("corpus/fewest");
  rmSync(fewest, { recursive: true, force: true });
  mkdirSync(fewest);
  if (!run(program, ["-set_cover_merge=1", fewest, kept, found], { isQuiet: true })) return false;
  rmSync(kept, { recursive: true });
  cpSync(fewest, kept, { recursive: true });
  return true;
}
