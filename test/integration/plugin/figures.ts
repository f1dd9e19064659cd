import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs a program, named from here, that prints figures as JSON. */
export async function runFigures<Figures>(program: string, ...args: readonly number[]): Promise<Figures> {
  const path = new URL(program, import.meta.url).pathname;
  const command = ["--expose-gc", path, ...args.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 16 << 20 });
  return JSON.parse(stdout);
}
