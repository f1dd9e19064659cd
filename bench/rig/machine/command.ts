import { spawnSync } from "node:child_process";
import { QuicpipeError } from "../../../src/errors.ts";

/** Runs a command to its end and returns its output. */
export function runCommand(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  const reason = error?.message ?? stderr.trim();
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `${command} ${args.join(" ")}: ${reason}`);
}

/** Reports whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
