import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { networkInterfaces, release } from "node:os";
import { dirname } from "node:path";
import { claimFolder, refusalOf } from "../files/private-folder.ts";
import { codeOf } from "../system-error.ts";
import type { Link, PinnedTables, SystemCalls } from "./contract.ts";

/** The facts and calls of the system that decide where to forward in the kernel. */
export interface XdpSystem {
  readonly platform: NodeJS.Platform;
  /** As `uname -r` prints it. */
  readonly kernelRelease: string;
  /** Effective capabilities of this process, a bit for each (capabilities(7)). */
  readonly capabilities: bigint;
  /** Whether the process is in a user namespace of its own, where capabilities do not count for BPF. */
  readonly isInUserNamespace: boolean;
  /** Inode of the network namespace that this process is in; `undefined` if it is not shown. */
  readonly networkNamespace: number | undefined;
  /** Throws an `Error` with the system's `code`. */
  links(): readonly Link[];
  /** Reads the IP literals of every interface that is up, by its name. Throws an `Error` with the system's `code`. */
  addresses(): ReadonlyMap<string, readonly string[]>;
  /** Reads a file of /proc/sys, such as `net/ipv4/ip_forward`; `undefined` if it is absent or unreadable. */
  setting(path: string): string | undefined;
  /** Reports whether a path is, or would be, in a bpf file system. */
  isInBpfFileSystem(path: string): boolean;
  /** Makes a folder for this user alone. Returns a clause if that fails, or if it is not this user's alone. */
  claimFolder(path: string): string | undefined;
  /** Names what is in a folder; nothing if this user cannot see it. */
  namesIn(folder: string): readonly string[];
  /** `undefined` without the addon. Throws an `Error` with the system's `code`: `ENOENT` if no program is pinned there. */
  readPins(path: string): PinnedTables | undefined;
  /** Removes a folder of pins that is this user's alone and that no process has. Returns a clause if it leaves one. */
  removePins(path: string): string | undefined;
}

/** The system that this process runs on. Without the addon's calls no interface is known, and no pins are. */
export function createXdpSystem(calls: SystemCalls | undefined): XdpSystem {
  return {
    platform: process.platform,
    kernelRelease: release(),
    capabilities: parseCapabilities(readText("/proc/self/status") ?? ""),
    isInUserNamespace: !isInitialUserNamespace(readText("/proc/self/uid_map")),
    networkNamespace: readNetworkNamespace(),
    links: () => calls?.links() ?? [],
    addresses: readAddresses,
    setting: (path) => readText(`/proc/sys/${path}`),
    isInBpfFileSystem,
    claimFolder,
    namesIn,
    readPins: (path) => calls?.readPins(path),
    removePins: (path) => removePins(path, calls),
  };
}

/** Parses /proc/self/uid_map. The initial user namespace maps the whole range to itself (user_namespaces(7)). */
export function isInitialUserNamespace(uidMap: string | undefined): boolean {
  return uidMap === undefined || /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/** BPF_FS_MAGIC of linux/magic.h. */
const bpfFileSystem = 0xcafe4a11;

/** Parses the effective capabilities in /proc/self/status; none if they are missing. */
export function parseCapabilities(status: string): bigint {
  const [, digits] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return digits === undefined ? 0n : BigInt(`0x${digits}`);
}

function readAddresses(): Map<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (const [label, infos = []] of Object.entries(networkInterfaces())) {
    // An IPv4 address may have a label of its own, such as `eth0:1` (ip-address(8)).
    const [name = label] = label.split(":");
    all.set(name, [...(all.get(name) ?? []), ...infos.map(({ address }) => address)]);
  }
  return all;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // Absent, or not readable by this user: the value is unknown.
    return undefined;
  }
}

function isInBpfFileSystem(path: string): boolean {
  try {
    return statfsSync(path).type === bpfFileSystem;
  } catch {
    // A path that does not exist yet would be in the file system of its parent folder.
    return dirname(path) !== path && isInBpfFileSystem(dirname(path));
  }
}

function readNetworkNamespace(): number | undefined {
  try {
    return statSync("/proc/self/ns/net").ino;
  } catch {
    // No Linux, or /proc is not mounted.
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Absent, or not readable by this user, and so not this user's.
    return [];
  }
}

function removePins(path: string, calls: SystemCalls | undefined): string | undefined {
  if (!calls) return "only the native addon removes it";
  const refusal = refusalOf(path);
  if (refusal !== undefined) return `is left alone: it ${refusal}`;
  try {
    calls.removePins(path);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return code === "EAGAIN" ? "another process has it" : `cannot be removed (${code})`;
  }
}
