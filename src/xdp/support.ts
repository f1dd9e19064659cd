import type { XdpSystem } from "./system.ts";

/** First version with BPF_PROG_TYPE_SYSCALL, the type of the program's loader. */
const oldestKernel = "5.14";

/** Returns a clause on why no process could forward in the kernel here; `undefined` if one could. */
export function missingSupport(system: Pick<XdpSystem, "platform" | "kernelRelease">): string | undefined {
  if (system.platform !== "linux") return `needs Linux, and this is ${system.platform}`;
  if (isKernelAtLeast(system.kernelRelease, oldestKernel)) return undefined;
  return `needs Linux ${oldestKernel}, and this is ${system.kernelRelease}`;
}

/** Reports whether a kernel release, as `uname -r` prints it, is at least a version such as `5.14`. */
function isKernelAtLeast(release: string, version: string): boolean {
  const [major = 0, minor = 0] = numbersOf(release);
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(version);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function numbersOf(version: string): number[] {
  return version.split(/[.-]/, 2).map((part) => Number.parseInt(part, 10) || 0);
}

/** Capability bits of linux/capability.h. */
const bits = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/**
 * Capabilities to load and attach the program. Without CAP_PERFMON, Linux 6.18 refuses the skeleton's loader (EINVAL), and the
 * program for its computations on packet pointers (EACCES).
 */
const needed = ["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"] as const;

/** Returns a clause on what this process is not allowed to do; `undefined` if it may load and attach the program. */
export function missingPrivilege(
  system: Pick<XdpSystem, "capabilities" | "isInUserNamespace">,
): string | undefined {
  const missing = missingCapabilities(system.capabilities);
  if (missing.length > 0) return `needs ${joinWords(missing)}`;
  if (system.isInUserNamespace) return "runs in a user namespace, where capabilities do not count for BPF";
  return undefined;
}

/** Returns the needed capabilities that are not held. CAP_SYS_ADMIN stands in for all of them (capabilities(7)). */
function missingCapabilities(held: bigint): string[] {
  const has = (name: keyof typeof bits): boolean => ((held >> BigInt(bits[name])) & 1n) === 1n;
  return has("CAP_SYS_ADMIN") ? [] : needed.filter((name) => !has(name));
}

function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
