import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startChild } from "../../harness/child.ts";

/** Mounts a bpf file system of the test's own; what is pinned in it ends with the test. */
export function mountBpfFileSystem(): string {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-bpf-"));
  expect(spawnSync("mount", ["-t", "bpf", "bpf", folder]).status).toBe(0);
  onTestFinished(() => {
    expect(spawnSync("umount", [folder]).status).toBe(0);
    rmdirSync(folder);
  });
  return folder;
}

/** A bpf file system at /sys/fs/bpf that only some processes see. */
export interface BpfMount {
  /** The command that runs another one in there, with its arguments. */
  readonly door: readonly string[];
  /** The folder where others see it. */
  readonly folder: string;
}

/** Mounts one of the test's own for the relays that are to share it. */
export async function mountBpfForRelays(): Promise<BpfMount> {
  const mount = "mount -t bpf -o mode=0755 bpf /sys/fs/bpf && echo mounted && cat";
  const holder = startChild("unshare", ["--mount", "sh", "-c", mount]);
  await holder.prints(/mounted/);
  const proc = `/proc/${holder.process.pid}`;
  return { door: ["nsenter", `--mount=${proc}/ns/mnt`], folder: `${proc}/root/sys/fs/bpf` };
}
