import { readdirSync, readFileSync } from "node:fs";

/**
 * Returns the time that the threads of a process have spent on a core so far, in ns, including the kernel work that
 * they caused. The source, `/proc/<pid>/task/<tid>/schedstat`, is the same for a forwarder in C, Node or coturn.
 */
export function cpuNsOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + onCoreNs(`/proc/${pid}/task/${task}/schedstat`), 0);
}

/** Reads the time on a core from a `schedstat` file, in ns. */
export function onCoreNs(path: string): number {
  return Number(readFileSync(path, "utf8").split(" ")[0]);
}
