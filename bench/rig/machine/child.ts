import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { QuicpipeError } from "../../../src/errors.ts";

/** A process that answers a line with a line. It ends with its standard input, or by `stop`. */
export interface Child {
  readonly pid: number;
  /** Resolves to the next line that the process prints. */
  readonly hear: () => Promise<string>;
  readonly tell: (line: string) => void;
  readonly ask: (line: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts a process. The caller stops it. */
export function startChild(command: readonly string[]): Child {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  async function hear(): Promise<string> {
    const { value, done } = await lines.next();
    if (!done) return value;
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `${command.join(" ")} ended early (${await exited})`);
  }
  const tell = (line: string) => void child.stdin.write(`${line}\n`);
  return {
    pid: child.pid!,
    hear,
    tell,
    ask: async (line) => {
      tell(line);
      return await hear();
    },
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
