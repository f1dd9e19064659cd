import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { QuicpipeError } from "../../src/errors.ts";
import { onCoreNs } from "./cpu.ts";

/**
 * File descriptor of the outer /proc, inherited by the box. Kernel threads belong to no box: only the outer /proc shows
 * them, and only the process that waits outside can pin them.
 */
export const outsideProcFile = 4;
const outsideProc = `/proc/self/fd/${outsideProcFile}`;

interface Request {
  readonly pin: number;
  readonly core: number;
}

/** Outside the box: pins threads at the request of the process inside. */
export function serveBox(box: ChildProcess): void {
  box.on("message", ({ pin, core }: Request) => {
    const { status } = spawnSync("taskset", ["--cpu-list", "--pid", String(core), String(pin)]);
    box.send(status === 0);
  });
}

/** In the box: finds a kernel thread by the beginning of its name. */
export function findKernelThread(prefix: string): number | undefined {
  const pids = readdirSync(outsideProc).filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => nameOf(pid).startsWith(prefix));
  return found === undefined ? undefined : Number(found);
}

/** In the box: reports whether kernel threads are visible. A container has none. */
export function areKernelThreadsVisible(): boolean {
  return findKernelThread("ksoftirqd/") !== undefined;
}

/** In the box: pins a kernel thread to one core. */
export async function pinKernelThread(pid: number, core: number): Promise<void> {
  process.send!({ pin: pid, core } satisfies Request);
  const [isPinned] = await once(process, "message");
  if (!isPinned)
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `taskset refused to pin kernel thread ${pid}`);
}

/** In the box: returns the time that a kernel thread has spent on a core so far, in ns. */
export function kernelThreadNs(pid: number): number {
  return onCoreNs(`${outsideProc}/${pid}/schedstat`);
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`${outsideProc}/${pid}/comm`, "utf8");
  } catch (error) {
    // The thread has ended since it was listed.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}
