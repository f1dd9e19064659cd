import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";

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
