import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { QuicpipeError } from "../../src/errors.ts";

/** A program between two files, whose processor time is told at its end. */
export class TimedProgram {
  readonly #child: ChildProcess;
  readonly #command: readonly string[];
  readonly #exited: Promise<unknown[]>;
  #told = "";

  /** @param files descriptors of its standard input and output. */
  constructor(
    command: readonly string[],
    files: readonly [input: number, output: number],
    env: NodeJS.ProcessEnv,
  ) {
    const timed = 'TIMEFORMAT="%U %S"; time "$@"';
    const stdio: StdioOptions = [...files, "pipe"];
    this.#child = spawn("bash", ["-c", timed, "bash", ...command], { stdio, env });
    this.#command = command;
    this.#exited = once(this.#child, "exit");
    this.#child.stderr!.on("data", (text) => (this.#told += text));
  }

  /** Waits until it says that it is ready, or anything else. */
  async ready(): Promise<void> {
    if (this.#told === "") await once(this.#child.stderr!, "data");
  }

  /** Waits for its good end, and returns the s that its threads have spent on a core, in its own code and the kernel's. */
  async seconds(): Promise<number> {
    const [code] = await this.#exited;
    const [last] = this.#told.trimEnd().split("\n").slice(-1);
    const [user, system] = last!.split(" ").map(Number);
    if (code === 0 && system !== undefined) return user! + system;
    const reason = `${this.#command.join(" ")} ended with ${code}: ${this.#told}`;
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
  }

  stop(): void {
    this.#child.kill();
  }
}
