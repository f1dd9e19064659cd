import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { projectPath, run } from "../native-tests/command.ts";

const machine: string = process.arch === "x64" ? "x86_64" : "aarch64";

const flags: readonly string[] = [
  "--target=bpf",
  // Linux 5.12: atomic operations that return the old value.
  "-mcpu=v3",
  "-O2",
  "-g",
  "-Wall",
  "-Wextra",
  "-Werror",
  `-I/usr/include/${machine}-linux-gnu`,
  // The debug information names files as the repository does, so the skeleton is the same from every checkout.
  `-ffile-prefix-map=${projectPath(".")}=`,
  "-fdebug-compilation-dir=.",
];

/** Compiles the XDP program and writes its light skeleton to `header`. Reports whether that worked. */
export function writeSkeleton(header: string, folder: string): boolean {
  const object = `${folder}/relay.bpf.o`;
  mkdirSync(folder, { recursive: true });
  if (!run("clang", [...flags, "-c", projectPath("bpf/relay.bpf.c"), "-o", object])) return false;
  const { status, stdout, stderr } = spawnSync("bpftool", [
    "gen",
    "skeleton",
    "-L",
    object,
    "name",
    "qp_relay",
  ]);
  if (status === 0) writeFileSync(header, stdout);
  else process.stderr.write(stderr);
  return status === 0;
}
