import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { QuicpipeError } from "../../src/errors.ts";
import { onCoreNs } from "./cpu.ts";

/**
 * The kernel's own threads are in no box: to see them takes the /proc from outside, which the box gets as this file, and
 * to pin them takes the process that waits outside.
 */
export const outsideProcFile = 4;
const outsideProc = `/proc/self/fd/${outsideProcFile}`;

interface Request {
  readonly pin: number;
  readonly core: number;
}

/** Outside: does what the process in the box asks for. */
export function serveBox(box: ChildProcess): void {
  box.on("message", ({ pin, core }: Request) => {
    const { status } = spawnSync("taskset", ["--cpu-list", "--pid", String(core), String(pin)]);
    box.send(status === 0);
  });
}

/** In the box: finds a thread of the kernel by what its name begins with. */
export function findKernelThread(prefix: string): number | undefined {
  const pids = readdirSync(outsideProc).filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => nameOf(pid).startsWith(prefix));
  return found === undefined ? undefined : Number(found);
}

/** In the box: whether there are such threads; a container has none. */
export function areKernelThreadsVisible(): boolean {
  return findKernelThread("ksoftirqd/") !== undefined;
}

/** In the box: has a thread of the kernel run on one core. */
export async function pinKernelThread(pid: number, core: number): Promise<void> {
  process.send!({ pin: pid, core } satisfies Request);
  const [isPinned] = await once(process, "message");
  if (!isPinned)
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `taskset refused to pin kernel thread ${pid}`);
}

/** In the box: time that a thread of the kernel has spent on a core so far, in ns. */
export function kernelThreadNs(pid: number): number {
  return onCoreNs(`${outsideProc}/${pid}/schedstat`);
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`${outsideProc}/${pid}/comm`, "utf8");
  } catch (error) {
    // It has ended since it was listed.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}
