import { existsSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { networkInterfaces, release } from "node:os";
import { dirname } from "node:path";
import { claimFolder, refusalOf } from "../files/private-folder.ts";
import { codeOf } from "../system-error.ts";
import type { Link } from "./contract.ts";

/** What is asked of the system, to decide where to forward in the kernel. */
export interface XdpSystem {
  readonly platform: NodeJS.Platform;
  /** As `uname -r` prints it. */
  readonly kernelRelease: string;
  /** The capabilities of this process that count, a bit for each (capabilities(7)). */
  readonly capabilities: bigint;
  /** Whether it is in a user namespace of its own, where capabilities do not count for BPF. */
  readonly isInUserNamespace: boolean;
  /** Throws an `Error` with the system's `code`. */
  links(): readonly Link[];
  /** IP literals of every interface that is up, by its name. Throws an `Error` with the system's `code`. */
  addresses(): ReadonlyMap<string, readonly string[]>;
  /** A file of /proc/sys, such as `net/ipv4/ip_forward`; `undefined` if there is none or it cannot be read. */
  setting(path: string): string | undefined;
  /** Whether a path is, or would be, in a bpf file system. */
  isInBpfFileSystem(path: string): boolean;
  /** Makes a folder for this user alone; says why if it cannot be had, or is not for this user alone. */
  claimFolder(path: string): string | undefined;
  /** Removes a folder of this user alone with all that is in it; says why if there is one that it leaves. */
  removeFolder(path: string): string | undefined;
}

/** The system that this process runs on. */
export function createXdpSystem(readLinks: () => readonly Link[]): XdpSystem {
  return {
    platform: process.platform,
    kernelRelease: release(),
    capabilities: parseCapabilities(readText("/proc/self/status") ?? ""),
    isInUserNamespace: !isInitialUserNamespace(readText("/proc/self/uid_map")),
    links: readLinks,
    addresses: readAddresses,
    setting: (path) => readText(`/proc/sys/${path}`),
    isInBpfFileSystem,
    claimFolder,
    removeFolder,
  };
}

/** Reads /proc/self/uid_map: the initial user namespace maps the whole range to itself (user_namespaces(7)). */
export function isInitialUserNamespace(uidMap: string | undefined): boolean {
  return uidMap === undefined || /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

/** linux/magic.h: BPF_FS_MAGIC. */
const bpfFileSystem = 0xcafe4a11;

/** Reads the effective capabilities out of /proc/self/status; none if they are not there. */
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
    // Not there, or not for this user: what it would say is unknown.
    return undefined;
  }
}

function isInBpfFileSystem(path: string): boolean {
  try {
    return statfsSync(path).type === bpfFileSystem;
  } catch {
    // What does not exist yet would be in the file system of the folder around it.
    return dirname(path) !== path && isInBpfFileSystem(dirname(path));
  }
}

function removeFolder(path: string): string | undefined {
  // What this user cannot see is not this user's.
  if (!existsSync(path)) return undefined;
  const refusal = refusalOf(path);
  if (refusal !== undefined) return `is left alone: it ${refusal}`;
  try {
    rmSync(path, { recursive: true });
    return undefined;
  } catch (error) {
    return `cannot be removed (${codeOf(error)})`;
  }
}
