import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { headerFault, libcHere, libcOf } from "../../../src/files/machine-code.ts";
import { temporaryFolder } from "../../integration/harness/folder.ts";

const headerBytes = 64;

/** An ELF file of a header, some bytes, and 3 section headers of 64 bytes at its end. */
function elf(machine: number, content: string = ""): Buffer {
  const bytes = Buffer.alloc(headerBytes + content.length + 3 * 64);
  bytes.writeUInt32BE(0x7f454c46);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(BigInt(headerBytes + content.length), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(3, 60);
  bytes.write(content, headerBytes);
  return bytes;
}

function file(bytes: Buffer): string {
  const path = join(temporaryFolder(), "addon.node");
  writeFileSync(path, bytes);
  return path;
}

describe("the header of a file", () => {
  it("has no fault if the file is whole, and for the processor", () => {
    expect(headerFault(file(elf(62)), "x64")).toBeUndefined();
    expect(headerFault(file(elf(183)), "arm64")).toBeUndefined();
  });

  it.each([
    ["another processor", elf(183), "it is for arm64, and this Node for x64"],
    ["a processor that Node does not run on", elf(8), "it is for machine 8, and this Node for x64"],
    ["a file that is cut off", elf(62).subarray(0, 200), "it is cut off: 200 of 256 bytes are there"],
    ["a header that is cut off", elf(62).subarray(0, 63), "it holds no machine code for Linux (63 bytes)"],
    ["an empty file", Buffer.alloc(0), "it holds no machine code for Linux (0 bytes)"],
    ["a library of macOS", Buffer.from("cffaedfe".repeat(32), "hex"), /no machine code for Linux/],
  ])("tells %s", (_what, bytes, fault) => {
    expect(headerFault(file(bytes), "x64")).toMatch(fault);
  });

  it("says why a file cannot be read", () => {
    expect(headerFault("/nonexistent", "x64")).toBe("it cannot be read (ENOENT)");
  });

  it("of this Node has no fault", () => {
    if (process.platform === "linux") expect(headerFault(process.execPath, process.arch)).toBeUndefined();
  });
});

describe("the C library", () => {
  it.each([
    ["glibc", "\0libc.so.6\0"],
    ["musl", "\0libc.musl-x86_64.so.1\0"],
    ["musl", "\0libc.so\0"],
    [undefined, "libc.so.6 in a sentence"],
  ])("of a file is what it asks for: %s", (libc, content) => {
    expect(libcOf(file(elf(62, content)))).toBe(libc);
  });

  it("of this process is the one that its own file asks for", () => {
    const isStatic = !readFileSync(process.execPath).includes("libc.");
    if (process.platform === "linux" && !isStatic) expect(libcOf(process.execPath)).toBe(libcHere());
  });
});
