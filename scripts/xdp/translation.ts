import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { projectPath, run } from "../native-tests/command.ts";

/** Returns the kernel's translation of a skeleton, one line per map and instruction; `undefined` if it does not load. */
export function translate(header: string, program: string): string[] | undefined {
  const source = projectPath("scripts/xdp/translation.c");
  const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", `-I${dirname(header)}`];
  if (!run("clang", [...flags, source, "-o", program])) return undefined;
  const { status, stdout, stderr } = spawnSync(program, { encoding: "utf8" });
  process.stderr.write(stderr);
  return status === 0 ? stdout.split("\n") : undefined;
}

/** Returns the first difference between two translations; `undefined` if there is none. */
export function findDifference(committed: readonly string[], built: readonly string[]): string | undefined {
  const longer = committed.length > built.length ? committed : built;
  const at = longer.findIndex((_, line) => committed[line] !== built[line]);
  return at < 0
    ? undefined
    : `committed: ${committed[at] ?? "nothing"}\nbuilt:     ${built[at] ?? "nothing"}`;
}
