import { spawn, type ChildProcessWithoutNullStreams, type SpawnOptions } from "node:child_process";
import { cleanUp } from "./network/clean-up.ts";

/** A process of the test's own, with what it printed so far. It is killed when the test ends. */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Resolves with the first match of `pattern` in what it printed; rejects when it ends without one. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with its exit status, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** Starts a process for the running test. */
export function startChild(command: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const child = spawn(command, args, {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: "pipe",
  }) as ChildProcessWithoutNullStreams;
  const printed = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
      for (const look of watchers) look();
    });
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal!));
  });
  cleanUp(async () => {
    child.kill("SIGKILL");
    await exited.catch(() => undefined);
  });
  const prints = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(printed.stdout) ?? pattern.exec(printed.stderr);
        if (!match) return;
        watchers.delete(look);
        resolve(match);
      };
      watchers.add(look);
      look();
      exited.then(
        (status) =>
          reject(new Error(`ended (${status}) without ${pattern}:\n${printed.stdout}${printed.stderr}`)),
        reject,
      );
    });
  return { process: child, stdout: () => printed.stdout, stderr: () => printed.stderr, prints, exited };
}

/** The path of a file of the project. */
export function projectPath(path: string): string {
  return new URL(`../../../${path}`, import.meta.url).pathname;
}
