import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The extent of a run. */
export interface Extent {
  readonly isShort: boolean;
  /** Whether to keep new inputs that the fuzzers find. */
  readonly keepsCorpus: boolean;
}

/** Returns the path of a file or folder in the project. */
export function projectPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Returns the path of a file or folder that the tests create, in a folder that Git ignores. */
export function buildPath(path: string): string {
  return projectPath(`test/native/build/${path}`);
}

/** Folder, environment and output of a command. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether to show the output only if the command fails. */
  readonly isQuiet?: boolean;
}

/** Runs a command to its end. Reports whether it succeeded, and writes a failure to stderr. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): boolean {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: options.cwd ?? projectPath("."),
    env: { ...process.env, ...options.env },
    stdio: options.isQuiet ? "pipe" : "inherit",
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return true;
  if (options.isQuiet)
    process.stderr.write(Buffer.concat([stdout ?? Buffer.alloc(0), stderr ?? Buffer.alloc(0)]));
  process.stderr.write(`${command} failed: ${error?.message ?? signal ?? `exit code ${status}`}\n`);
  return false;
}
