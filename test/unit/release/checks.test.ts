import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultsOf, newestGlibc } from "../../../scripts/release/checks.ts";
import { targets } from "../../../scripts/release/targets.ts";
import { temporaryFolder } from "../../integration/harness/folder.ts";

/** An ELF file for x64 without sections, which asks for these. */
function library(...needs: readonly string[]): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46);
  header.writeUInt16LE(62, 18);
  return Buffer.concat([header, Buffer.from(`\0${needs.join("\0")}\0`)]);
}

/** The faults of a release for a platform, both of whose addons are this file. */
function faults(name: string, bytes: Buffer | undefined): string[] {
  const folder = join(temporaryFolder(), name);
  mkdirSync(folder);
  if (bytes)
    for (const file of ["quicpipe.node", "quicpipe-engine.node"]) writeFileSync(join(folder, file), bytes);
  return faultsOf(
    targets.find((target) => target.name === name)!,
    folder,
  );
}

describe("the addons of a release", () => {
  it("have no fault where they are for the processor and the C library", () => {
    expect(faults("linux-x64", library("libc.so.6", "GLIBC_2.2.5", "GLIBC_2.28"))).toEqual([]);
    expect(faults("linux-x64-musl", library("libc.so"))).toEqual([]);
  });

  it.each([
    ["linux-x64", library("libc.so.6", "GLIBC_2.34"), "it asks for glibc 2.34, and Node 24 runs on 2.28"],
    ["linux-x64", library("libc.so"), "it asks for musl, not for glibc"],
    ["linux-x64-musl", library("libm.so"), "it asks for no C library, not for musl"],
    ["linux-arm64", library("libc.so.6"), "it is for x64, and this Node for arm64"],
    ["linux-arm64", undefined, "it is missing"],
  ])("have a fault: %s %#", (name, bytes, fault) => {
    expect(faults(name, bytes)).toEqual([
      `${name}/quicpipe.node: ${fault}`,
      `${name}/quicpipe-engine.node: ${fault}`,
    ]);
  });
});

it("the newest version of glibc is by number, not by text", () => {
  const file = join(temporaryFolder(), "addon.node");
  writeFileSync(file, library("GLIBC_2.4", "GLIBC_2.17", "GLIBC_2.9"));
  expect(newestGlibc(file)).toBe("2.17");
});
