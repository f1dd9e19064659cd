import { spawn, spawnSync, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isInstalled } from "./command.ts";
import { hostProcFile, serveSandbox } from "./host-helper.ts";

/** Flags for a sandbox with its own PID, mount and network namespaces. The kernel removes it when its first process ends. */
const flags: readonly string[] = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** Additional flags for users other than root: root in a user namespace. */
const userFlags: readonly string[] = ["--user", "--map-root-user"];
/** Tools of the rig, from the Debian packages util-linux, iproute2, nftables and gcc. */
const tools: readonly string[] = ["unshare", "nsenter", "taskset", "ip", "nft", "cc"];
/** Mount point of a file system private to the sandbox, for namespace names and temporary files. */
export const runDirectory = "/run";
/** Exit code that shells report for a process ended by SIGINT. */
export const interruptedExitCode = 130;
const mark = "QUICPIPE_BENCH_SANDBOX";
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Reports whether this process runs in the sandbox. */
export const isSandboxed: boolean = process.env[mark] !== undefined;

/** The command that enters a sandbox, or the reason why there is none. */
export type Entrance = { readonly command: readonly string[] } | { readonly refusal: string };

/** Finds out how this system lets the benchmark create namespaces, if it does. */
export function findEntrance(): Entrance {
  if (process.platform !== "linux") return { refusal: "network namespaces are Linux's" };
  if (availableParallelism() < 2) return { refusal: "load and forwarder need a core each" };
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length > 0) return { refusal: `${missing.join(", ")} not installed` };
  const ways = [flags, [...userFlags, ...flags]];
  const way = ways.find(
    (each) => spawnSync("unshare", [...each, "mount", "-t", "tmpfs", "none", runDirectory]).status === 0,
  );
  if (!way) return { refusal: "`unshare` may not make namespaces here; run as root" };
  return { command: ["unshare", ...way] };
}

/** Runs this program again in the sandbox and resolves to its exit code. A signal to this process ends the sandbox. */
export async function runSandboxed(command: readonly string[]): Promise<number> {
  const [unshare, ...way] = command;
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const stdio: StdioOptions = ["inherit", "inherit", "inherit", "ipc"];
  stdio[hostProcFile] = openSync("/proc", "r");
  const env = { ...process.env, [mark]: "1", TMPDIR: runDirectory };
  const child = spawn(unshare!, [...way, ...self], { stdio, env });
  serveSandbox(child);
  for (const signal of signals) process.on(signal, () => child.kill("SIGKILL"));
  const [code] = await once(child, "exit");
  return code ?? interruptedExitCode;
}
