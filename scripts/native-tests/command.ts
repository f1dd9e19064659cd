import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The path of something in the project. */
export function projectPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The path of something that the tests make; the folder is not kept in Git. */
export function buildPath(path: string): string {
  return projectPath(`test/native/build/${path}`);
}

/** Where and with what a command runs. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether what it prints is only shown if it fails. */
  readonly isQuiet?: boolean;
}

/** Runs a command to its end; says whether it succeeded, and on stderr if not. */
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
