import { readdirSync, readFileSync } from "node:fs";

/**
 * Time that the threads of a process have spent on a core so far, in ns, the work of the kernel that they set off
 * included: what `/proc/<pid>/task/<tid>/schedstat` tells, alike for a forwarder in C, Node or coturn.
 */
export function cpuNsOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + onCoreNs(`/proc/${pid}/task/${task}/schedstat`), 0);
}

/** What a file of that name tells. */
export function onCoreNs(path: string): number {
  return Number(readFileSync(path, "utf8").split(" ")[0]);
}
