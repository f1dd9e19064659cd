import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { cargoEnvironment } from "../cargo.mjs";

export const root: string = join(import.meta.dirname, "../..");
/** What a release is made with; it stays for the next one. */
export const toolsFolder: string = join(root, "target/release-tools");
/** What a release consists of; made anew each time. */
export const releaseFolder: string = join(root, "build/release");

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end and returns what it printed; throws, with its output, if it fails. */
export function run(
  command: string,
  args: readonly string[],
  { cwd = root, env }: CommandOptions = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...cargoEnvironment, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  const output = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-30).join("\n");
  throw new Error(`${command} ${args.join(" ")}: ${output}`);
}

/** Tells the user what is done now. */
export function say(text: string): void {
  process.stderr.write(`release: ${text}\n`);
}
