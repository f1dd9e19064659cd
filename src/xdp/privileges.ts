import type { XdpSystem } from "./system.ts";

/** Bits of linux/capability.h. */
const bits = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/**
 * What loading and attaching needs. Without CAP_PERFMON, Linux 6.18 refuses the skeleton's loader (EINVAL), and the
 * program for what it computes from packet pointers (EACCES).
 */
const needed = ["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"] as const;

/** Says in a clause what this process is not allowed; `undefined` if it may load and attach the program. */
export function missingPrivilege(
  system: Pick<XdpSystem, "capabilities" | "isInUserNamespace">,
): string | undefined {
  const missing = missingCapabilities(system.capabilities);
  if (missing.length > 0) return `needs ${joinWords(missing)}`;
  if (system.isInUserNamespace) return "runs in a user namespace, where capabilities do not count for BPF";
  return undefined;
}

/** Capabilities that are needed and not held; CAP_SYS_ADMIN stands in for all of them (capabilities(7)). */
function missingCapabilities(held: bigint): string[] {
  const has = (name: keyof typeof bits): boolean => ((held >> BigInt(bits[name])) & 1n) === 1n;
  return has("CAP_SYS_ADMIN") ? [] : needed.filter((name) => !has(name));
}

function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
