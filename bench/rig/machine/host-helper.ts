import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { QuicpipeError } from "../../../src/errors.ts";
import { onCoreNs } from "./cpu.ts";

/**
 * File descriptor of the outer /proc, inherited by the sandbox. Kernel threads belong to no sandbox: only the outer /proc shows
 * them, and only the process that waits outside can bind them.
 */
export const hostProcFile = 4;
const hostProc = `/proc/self/fd/${hostProcFile}`;

interface Request {
  readonly pid: number;
  readonly core: number;
}

/** Outside the sandbox: binds threads to cores at the request of the process inside. */
export function serveSandbox(sandbox: ChildProcess): void {
  sandbox.on("message", ({ pid, core }: Request) => {
    const { status } = spawnSync("taskset", ["--cpu-list", "--pid", String(core), String(pid)]);
    sandbox.send(status === 0);
  });
}

/** In the sandbox: finds a kernel thread by the beginning of its name. */
export function findKernelThread(prefix: string): number | undefined {
  const pids = readdirSync(hostProc).filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => nameOf(pid).startsWith(prefix));
  return found === undefined ? undefined : Number(found);
}

/** In the sandbox: reports whether kernel threads are visible. A container has none. */
export function areKernelThreadsVisible(): boolean {
  return findKernelThread("ksoftirqd/") !== undefined;
}

/** In the sandbox: binds a kernel thread to one core. */
export async function bindKernelThread(pid: number, core: number): Promise<void> {
  process.send!({ pid, core } satisfies Request);
  const [isBound] = await once(process, "message");
  if (!isBound)
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `taskset refused to pin kernel thread ${pid}`);
}

/** In the sandbox: returns the time that a kernel thread has spent on a core so far, in ns. */
export function kernelThreadNs(pid: number): number {
  return onCoreNs(`${hostProc}/${pid}/schedstat`);
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`${hostProc}/${pid}/comm`, "utf8");
  } catch (error) {
    // The thread has ended since it was listed.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}
