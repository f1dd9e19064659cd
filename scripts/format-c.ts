/** The part of `npm run format` that is C: clang-format over the project's C, but for the generated skeleton. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { parseArgs } from "node:util";
import { projectPath, run } from "./native-tests/command.ts";

const help = `Formats the C of the project with clang-format 14, by .clang-format.

  node scripts/format-c.ts [--check]

  --check  changes nothing, and fails if a file is formatted otherwise

Needs Debian's clang-format. Elsewhere it does nothing, or fails if QUICPIPE_REQUIRE names clang-format.
`;

/** Other releases format some lines otherwise. */
const release = "14";

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: { check: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (!hasClangFormat()) return skip();
  const options = values.check ? ["--dry-run", "-Werror", "--ferror-limit=1"] : ["-i"];
  return run("clang-format", [...options, ...sources()], { isQuiet: true }) ? 0 : 1;
}

function sources(): string[] {
  return globSync("{src,bpf,bench,scripts,test}/**/*.{c,h}", {
    cwd: projectPath("."),
    exclude: ["bpf/relay.skel.h", "{test/native,bench}/build/**"],
  });
}

function hasClangFormat(): boolean {
  const { stdout } = spawnSync("clang-format", ["--version"], { encoding: "utf8" });
  return new RegExp(` version ${release}\\.`).test(stdout ?? "");
}

function skip(): number {
  process.stderr.write(
    `the C is not formatted: no clang-format ${release} here; on Debian 12: apt-get install clang-format\n`,
  );
  return (process.env["QUICPIPE_REQUIRE"] ?? "").split(",").includes("clang-format") ? 1 : 0;
}
